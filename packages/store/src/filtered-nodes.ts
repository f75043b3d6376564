import { setImmediate as nextTurn } from "node:timers/promises";
import {
  admittedValues,
  compileFilter,
  enrollmentLevels,
  healthStatuses,
  namespacesOf,
  type FilterableNode,
} from "@courier/core";
import type { AttributeConstraint, FilterConstraints, SkillConstraint } from "@courier/schema";
import { sql, type ExpressionBuilder, type ExpressionWrapper, type SqlBool } from "kysely";
import { inParts } from "./in-parts.ts";
import type { Db } from "./database.ts";
import { reading } from "./handle.ts";
import type { Tables } from "./tables/tables.ts";

/**
 * The ids of the nodes that a filter describes, oldest first; archived ones are left out (semantics.md section 8). SQL decides what
 * it can decide exactly; regular expressions and conditions on versions are looked at here, among the nodes that are left,
 * with a pause between parts so that the loop goes on. The filter's mistakes were looked for before. `among` names the nodes
 * that are looked at; absent: all.
 */
export async function findFilteredNodes(
  db: Db,
  constraints: FilterConstraints,
  among?: readonly string[],
): Promise<string[]> {
  if (among === undefined) return await findMatching(db, constraints, undefined);
  const found: string[] = [];
  for (const part of inParts(among)) {
    found.push(...(await findMatching(db, constraints, part)));
  }
  return found;
}

async function findMatching(
  db: Db,
  constraints: FilterConstraints,
  among: readonly string[] | undefined,
): Promise<string[]> {
  const levels = admittedValues(constraints.enrollmentLevel, enrollmentLevels);
  const states = admittedValues(constraints.healthStatus, healthStatuses);
  if (levels.length === 0 || states.length === 0) return [];
  const rows = await reading(db)
    .selectFrom("nodes")
    .select(["nodes.seq", "nodes.id"])
    .where("archived_at", "is", null)
    .$if(among !== undefined, (query) => query.where("nodes.id", "in", among ?? []))
    .where("enrollment_level", "in", levels)
    .where(
      "online",
      "in",
      states.map((status) => (status === "online" ? 1 : 0)),
    )
    .where((eb) =>
      eb.and([
        ...(constraints.attributes ?? []).map((each) => meetsAttribute(eb, each)),
        ...(constraints.skills ?? []).map((each) => hasSkill(eb, each)),
      ]),
    )
    .orderBy("nodes.seq")
    .execute();
  const rest = whatSqlCannotDecide(constraints);
  if (rest === undefined) return rows.map(({ id }) => id);
  return await keepThose(db, rows, rest);
}

type NodesBuilder = ExpressionBuilder<Tables, "nodes">;
type Condition = ExpressionWrapper<Tables, "nodes", SqlBool>;

/** As many first characters of a value as the index holds: PostgreSQL's indexes refuse long rows. */
const indexedLength = 200;

/** Index node_attributes_by_value: by name, and by value where the operator gives one. */
function meetsAttribute(eb: NodesBuilder, constraint: AttributeConstraint): Condition {
  const { name, operator, value } = constraint;
  const namespaces = namespacesOf(constraint);
  const found = eb
    .selectFrom("node_attributes")
    .select("node_seq")
    .where("name", "=", name)
    .$if(namespaces !== undefined, (query) => query.where("namespace", "in", namespaces ?? []));
  switch (operator) {
    case "=":
      return eb("nodes.seq", "in", found.where(isAnyOf(value)));
    case "!=":
      return eb("nodes.seq", "not in", found.where(isAnyOf(value)));
    case "CONTAINS":
      return eb("nodes.seq", "in", found.where(containsAnyOf(value)));
    case "MATCHES":
      return eb("nodes.seq", "in", found);
    default:
      return operator;
  }
}

function isAnyOf(values: readonly string[]) {
  return (eb: ExpressionBuilder<Tables, "node_attributes">) =>
    eb.and([
      eb(
        sql<string>`substr(value, 1, ${sql.lit(indexedLength)})`,
        "in",
        values.map((value) => Array.from(value).slice(0, indexedLength).join("")),
      ),
      eb("value", "in", values),
    ]);
}

/** `replace` is the one function that both databases have for this, and that heeds upper and lower case. */
function containsAnyOf(values: readonly string[]) {
  return (eb: ExpressionBuilder<Tables, "node_attributes">) =>
    eb.or(
      values.map((value) =>
        value === "" ? sql<SqlBool>`true` : sql<SqlBool>`replace(value, ${value}, '') <> value`,
      ),
    );
}

/** Index node_skills_by_name. */
function hasSkill(eb: NodesBuilder, { name }: SkillConstraint): Condition {
  const having = eb.selectFrom("node_skills").select("node_seq").where("name", "=", name);
  return eb("nodes.seq", "in", having);
}

function whatSqlCannotDecide(constraints: FilterConstraints): FilterConstraints | undefined {
  const attributes = (constraints.attributes ?? []).filter(
    ({ operator }) => operator === "MATCHES",
  );
  const skills = (constraints.skills ?? []).filter(({ version = [] }) => version.length > 0);
  return attributes.length + skills.length === 0 ? undefined : { attributes, skills };
}

interface Candidate {
  readonly seq: number;
  readonly id: string;
}

async function keepThose(
  db: Db,
  candidates: readonly Candidate[],
  constraints: FilterConstraints,
): Promise<string[]> {
  const isWanted = compileFilter(constraints);
  const kept: string[] = [];
  for (const part of inParts(candidates)) {
    const nodes = await readFacts(db, part, constraints);
    kept.push(...part.filter(({ seq }) => isWanted(nodes.get(seq) ?? noFacts)).map(({ id }) => id));
    await nextTurn();
  }
  return kept;
}

/** What remains to be decided concerns neither level nor health. */
const noFacts: FilterableNode = {
  attributes: [],
  skills: [],
  enrollmentLevel: "",
  healthStatus: "",
};

async function readFacts(
  db: Db,
  candidates: readonly Candidate[],
  constraints: FilterConstraints,
): Promise<Map<number, FilterableNode>> {
  const seqs = candidates.map(({ seq }) => seq);
  const attributeNames = (constraints.attributes ?? []).map(({ name }) => name);
  const skillNames = (constraints.skills ?? []).map(({ name }) => name);
  // Primary keys of both tables begin with the node. A list of names must not be empty, hence "".
  const attributes = await reading(db)
    .selectFrom("node_attributes")
    .selectAll()
    .where("node_seq", "in", seqs)
    .where("name", "in", ["", ...attributeNames])
    .execute();
  const skills = await reading(db)
    .selectFrom("node_skills")
    .selectAll()
    .where("node_seq", "in", seqs)
    .where("name", "in", ["", ...skillNames])
    .execute();
  const attributesOf = groupByNode(attributes);
  const skillsOf = groupByNode(skills);
  return new Map(
    seqs.map((seq) => [
      seq,
      { ...noFacts, attributes: attributesOf.get(seq) ?? [], skills: skillsOf.get(seq) ?? [] },
    ]),
  );
}

function groupByNode<Row extends { readonly node_seq: number }>(
  rows: readonly Row[],
): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.node_seq) ?? [];
    group.push(row);
    groups.set(row.node_seq, group);
  }
  return groups;
}
