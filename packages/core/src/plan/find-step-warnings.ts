import type { CanonicalStep } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { isVersionWithin } from "../target/version-range.ts";
import { shellInterpreterName } from "../template/interpreter-names.ts";
import { counted } from "../text/counted.ts";
import { listSome } from "../text/list-some.ts";
import type { PlannedJob, PlannedNode } from "./planned-target.ts";

/** What keeps steps from being executed on some nodes, or from ending, each at its place in the template. */
export function findStepWarnings({ job, groups }: PlannedJob): readonly ErrorDetail[] {
  const nodes = [
    ...new Map(groups.flatMap((group) => group.nodes).map((one) => [one.id, one])).values(),
  ];
  const known = nodes.filter(({ skills }) => skills.length > 0);
  const limits = job.target.groups.map(({ timeoutSeconds }) => timeoutSeconds);
  return [
    ...unknownWarning(nodes),
    ...job.actions.steps.flatMap((step, index) => {
      const pointer = `/actions/steps/${index}`;
      return [
        ...limitWarning(step, limits, pointer),
        ...interpreterWarnings(step, known, `${pointer}/interpreter`),
        ...formWarnings(step, nodes, `${pointer}/command`),
      ];
    }),
  ];
}

function unknownWarning(nodes: readonly PlannedNode[]): readonly ErrorDetail[] {
  const silent = nodes.filter(({ skills }) => skills.length === 0);
  if (silent.length === 0) return [];
  const message = `${ofNodes(silent, nodes)} never told which interpreters they have: ${namesOf(silent)}`;
  return [{ pointer: "/target", message }];
}

function limitWarning(
  step: CanonicalStep,
  groupLimits: readonly number[],
  pointer: string,
): readonly ErrorDetail[] {
  if (step.limits.timeoutSeconds > 0) return [];
  const unlimited = groupLimits.flatMap((limit, groupNumber) => (limit === 0 ? [groupNumber] : []));
  const end =
    unlimited.length === 0
      ? "one that hangs is ended by its group's timeoutSeconds only"
      : `neither has group ${unlimited.join(", ")}: one that hangs never ends`;
  const message = `step "${step.name}" has no timeoutSeconds, ${end}`;
  return [{ pointer: `${pointer}/limits/timeoutSeconds`, message }];
}

function interpreterWarnings(
  { interpreter }: CanonicalStep,
  nodes: readonly PlannedNode[],
  pointer: string,
): readonly ErrorDetail[] {
  const { name, skill: range } = interpreter;
  const versions = new Map(
    nodes.map((node) => [node, node.skills.find((skill) => skill.name === name)?.version]),
  );
  const without = nodes.filter((node) => versions.get(node) === undefined);
  const outside = nodes.filter((node) => {
    const version = versions.get(node);
    return version !== undefined && !isVersionWithin(version, range);
  });
  const [from, to] = [range.minVersion || "any", range.maxVersion || "any"];
  const version = (node: PlannedNode): string => `${node.name} (${versions.get(node) ?? ""})`;
  return [
    ...warnAbout(without, {
      pointer: `${pointer}/name`,
      message: `interpreter "${name}" is not installed on ${ofNodes(without, nodes)}: ${namesOf(without)}`,
    }),
    ...warnAbout(outside, {
      pointer: `${pointer}/skill`,
      message: `the version of interpreter "${name}" is outside of [${from}, ${to}] on ${ofNodes(outside, nodes)}: ${listSome(outside.map(version))}`,
    }),
  ];
}

/** What kernels call themselves, to the names that commands use. */
const forms: Readonly<Record<string, string>> = {
  linux: "linux",
  darwin: "darwin",
  windows_nt: "windows",
};

function formWarnings(
  step: CanonicalStep,
  nodes: readonly PlannedNode[],
  pointer: string,
): readonly ErrorDetail[] {
  if (step.interpreter.name !== shellInterpreterName) return [];
  const systems = new Set(nodes.map(formOf));
  return [...systems].flatMap((form) => {
    if (form === "" || Object.hasOwn(step.command, form)) return [];
    const without = nodes.filter((node) => formOf(node) === form);
    const message = `the command has no form for ${form}, which is what ${ofNodes(without, nodes)} run: ${namesOf(without)}`;
    return [{ pointer, message }];
  });
}

function formOf({ kernelName }: PlannedNode): string {
  const kernel = kernelName.toLowerCase();
  return forms[kernel] ?? kernel;
}

function warnAbout(nodes: readonly PlannedNode[], warning: ErrorDetail): readonly ErrorDetail[] {
  return nodes.length === 0 ? [] : [warning];
}

function ofNodes(some: readonly PlannedNode[], all: readonly PlannedNode[]): string {
  return `${some.length} of ${counted(all.length, "node")}`;
}

function namesOf(nodes: readonly PlannedNode[]): string {
  return listSome(nodes.map(({ name }) => name));
}
