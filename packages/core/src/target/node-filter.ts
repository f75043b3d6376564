import type {
  AttributeConstraint,
  FilterConstraints,
  SkillConstraint,
  ValueConstraint,
} from "@courier/schema";
import { assert } from "../assert.ts";
import type { NodeAttribute, NodeSkill } from "./node-facts.ts";
import { meetsVersion, parseVersionCondition } from "./skill-version.ts";
import { compileTextTest } from "./text-test.ts";

/** What a filter looks at. */
export interface FilterableNode {
  readonly attributes: readonly NodeAttribute[];
  readonly skills: readonly NodeSkill[];
  readonly enrollmentLevel: string;
  readonly healthStatus: string;
}

/** Whether a node is one of those that a filter describes. */
export type NodeTest = (node: FilterableNode) => boolean;

/** What enrolment levels and health a node that is not archived can have: what filters may ask for. */
export const enrollmentLevels: readonly ["admitted", "enrolled"] = ["admitted", "enrolled"];
export const healthStatuses: readonly ["online", "offline"] = ["online", "offline"];

/**
 * Compiles a filter whose mistakes were looked for (`findFilterMistakes`). All its constraints must hold; no constraint
 * at all describes every node (semantics.md section 8).
 */
export function compileFilter(constraints: FilterConstraints): NodeTest {
  const { attributes = [], skills = [], enrollmentLevel, healthStatus } = constraints;
  const tests: readonly NodeTest[] = [
    ...attributes.map(attributeTest),
    ...skills.map(skillTest),
    valueTest(enrollmentLevel, (node) => node.enrollmentLevel),
    valueTest(healthStatus, (node) => node.healthStatus),
  ];
  return (node) => tests.every((test) => test(node));
}

/** The namespaces that a constraint looks into; undefined is all of them. */
export function namespacesOf({ namespace }: AttributeConstraint): readonly string[] | undefined {
  if (namespace === undefined || namespace.length === 0) return undefined;
  return typeof namespace === "string" ? [namespace] : namespace;
}

/** The values that a constraint on the level or the health names. */
export function valuesOf({ value }: ValueConstraint): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

/** Those of the possible values that a constraint admits; all of them when there is none. */
export function admittedValues<Value extends string>(
  constraint: ValueConstraint | undefined,
  possible: readonly Value[],
): readonly Value[] {
  if (constraint === undefined) return possible;
  const test = compileTextTest(constraint.operator, valuesOf(constraint));
  return possible.filter((value) => test([value]));
}

function attributeTest(constraint: AttributeConstraint): NodeTest {
  const { name, operator, value } = constraint;
  const namespaces = namespacesOf(constraint);
  const test = compileTextTest(operator, value);
  return ({ attributes }) => {
    const found = attributes.filter(
      (attribute) => attribute.name === name && (namespaces?.includes(attribute.namespace) ?? true),
    );
    return test(found.map((attribute) => attribute.value));
  };
}

/** One skill of that name must meet all the conditions on its version. */
function skillTest({ name, version = [] }: SkillConstraint): NodeTest {
  const conditions = version.map((text) => {
    const parsed = parseVersionCondition(text);
    assert(parsed !== undefined, "a filter is checked before it is used");
    return parsed;
  });
  return ({ skills }) =>
    skills.some(
      (skill) =>
        skill.name === name &&
        conditions.every((condition) => meetsVersion(skill.version, condition)),
    );
}

function valueTest(
  constraint: ValueConstraint | undefined,
  valueIn: (node: FilterableNode) => string,
): NodeTest {
  if (constraint === undefined) return () => true;
  const test = compileTextTest(constraint.operator, valuesOf(constraint));
  return (node) => test([valueIn(node)]);
}
