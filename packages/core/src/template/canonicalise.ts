import type {
  Amount,
  AttributeConstraint,
  BatchSize,
  CanonicalGroup,
  CanonicalHaltOn,
  CanonicalJob,
  CanonicalOutputFieldRule,
  CanonicalStep,
  ExpectedInput,
  FailureBehavior,
  HaltOn,
  Inputs,
  Interpreter,
  JobTemplate,
  NodeFilter,
  OutputFieldRule,
  OutputFieldRules,
  Step,
  SuccessCriterion,
  TargetGroup,
} from "@courier/schema";
import { readAmount } from "../rollout/amount.ts";

/** What stands in `filterId` and `listId` of a group that uses neither. */
export const zeroId = "00000000-0000-0000-0000-000000000000";

/**
 * The canonical form of a valid template: every default filled in, old spellings rewritten, keys in alphabetical order,
 * so that one job written in JSON, YAML or TOML serialises to the same bytes. Canonicalising twice changes nothing.
 */
export function canonicaliseTemplate(template: JobTemplate): CanonicalJob {
  return {
    actions: {
      accessMode: template.actions.accessMode ?? "agent",
      steps: template.actions.steps.map(canonicalStep),
    },
    ...(template.allowManualExecution === false ? { allowManualExecution: false } : {}),
    description: template.description ?? "",
    exceptionRules: (template.exceptionRules ?? []).map(({ duration, rrule }) => ({
      duration,
      rrule,
    })),
    ...(template.ignoreExceptions === true ? { ignoreExceptions: true } : {}),
    ...unlessDefault("misfirePolicy", template.misfirePolicy, "runLatest"),
    name: template.name,
    ...unlessDefault("overlapPolicy", template.overlapPolicy, "queue"),
    scheduleRule: template.scheduleRule ?? "immediate",
    target: {
      executionType: template.target.executionType ?? "sequential",
      groups: template.target.groups.map(canonicalGroup),
    },
    ...unlessDefault("timeZone", template.timeZone, "UTC"),
  };
}

/** The one serialisation of a canonical job; equal jobs give equal text. */
export function canonicalJson(job: CanonicalJob): string {
  return JSON.stringify(job);
}

function canonicalGroup(group: TargetGroup): CanonicalGroup {
  return {
    batchSize: canonicalBatchSize(group.batchSize ?? {}),
    distributionMethod: group.distributionMethod ?? "batching",
    ...(group.earlyTermination === true ? { earlyTermination: true } : {}),
    filter: canonicalFilter(group.filter),
    filterId: canonicalId(group.filterId),
    ...(group.haltOn === undefined ? {} : { haltOn: canonicalHaltOn(group.haltOn) }),
    listId: canonicalId(group.listId),
    ...(group.minReady === undefined ? {} : { minReady: canonicalAmount(group.minReady) }),
    nodeIdentifiers: [...(group.nodeIdentifiers ?? [])],
    nodeListType: group.nodeListType,
    ...unlessDefault("offlinePolicy", group.offlinePolicy, "wait"),
    ...unlessDefault("onEmpty", group.onEmpty, "fail"),
    ...((group.soakSeconds ?? 0) === 0 ? {} : { soakSeconds: group.soakSeconds }),
    successCriteria: (group.successCriteria ?? [everyRunSucceeds]).map((criterion) => ({
      numRuns: canonicalAmount(criterion.numRuns),
      status: criterion.status,
    })),
    timeoutSeconds: group.timeoutSeconds ?? 0,
  };
}

const everyRunSucceeds: SuccessCriterion = {
  numRuns: { type: "percent", value: 100 },
  status: "success",
};

function canonicalBatchSize(size: BatchSize): CanonicalGroup["batchSize"] {
  if (size.type !== "ramp") return canonicalAmount(size);
  return { type: "ramp", value: size.value.map(canonicalRampEntry) };
}

/** `"07.50%"` and `"7.5%"` are the same share. */
function canonicalRampEntry(entry: number | string): number | string {
  const { type, value } = readAmount(entry);
  return type === "number" ? value : `${value}%`;
}

function canonicalHaltOn(haltOn: HaltOn): CanonicalHaltOn {
  return mapValues({ ...haltOn }, (limit) =>
    typeof limit === "object" ? canonicalAmount(limit) : readAmount(limit),
  );
}

function canonicalAmount(amount: {
  readonly type?: "number" | "percent";
  readonly value?: number;
}): Amount {
  return { type: amount.type ?? "percent", value: amount.value ?? 100 };
}

function canonicalFilter(filter: NodeFilter | undefined): NodeFilter {
  if (filter?.constraints === undefined) return null;
  const { attributes, ...others } = filter.constraints;
  return {
    constraints: sortedKeys({
      ...others,
      ...(attributes === undefined ? {} : { attributes: attributes.map(canonicalConstraint) }),
    }),
  };
}

/** One namespace may stand without its list. */
function canonicalConstraint(constraint: AttributeConstraint): AttributeConstraint {
  const { namespace } = constraint;
  return typeof namespace === "string" ? { ...constraint, namespace: [namespace] } : constraint;
}

/** Old clients send `filterId` as a number, and 0 when there is none. */
function canonicalId(id: string | number | undefined): string {
  const text = String(id ?? "0");
  return text === "0" ? zeroId : text;
}

function canonicalStep(step: Step): CanonicalStep {
  return {
    command: sortedKeys(step.command),
    conditions: (step.conditions ?? []).map((condition) => ({
      inputName: condition.inputName,
      negate: condition.negate ?? false,
      operator: condition.operator,
      value: condition.value,
    })),
    description: step.description ?? "",
    expectedInputs: mapValues(step.expectedInputs ?? {}, canonicalExpectedInput),
    failureBehavior: canonicalFailureBehavior(step.failureBehavior ?? {}),
    inputs: canonicalInputs(step.inputs ?? {}),
    interpreter: canonicalInterpreter(step.interpreter),
    limits: {
      cores: step.limits?.cores ?? 0,
      cpu: step.limits?.cpu ?? 1,
      timeoutSeconds: step.limits?.timeoutSeconds ?? 0,
    },
    name: step.name,
    outputFieldRules: canonicalOutputFieldRules(step.outputFieldRules ?? {}),
    retryCount: step.retryCount ?? 0,
  };
}

function canonicalExpectedInput(input: ExpectedInput): Required<ExpectedInput> {
  return {
    default: input.default ?? "",
    required: input.required ?? false,
    sensitive: input.sensitive ?? false,
    type: input.type ?? "string",
  };
}

function canonicalFailureBehavior(behavior: FailureBehavior): CanonicalStep["failureBehavior"] {
  const strategy = behavior.retryBackoffStrategy ?? {};
  return {
    action: behavior.action ?? "retryThenFail",
    retryBackoffStrategy: {
      arguments: (strategy.arguments ?? []).filter((entry) => typeof entry === "number"),
      delaySeconds: strategy.delaySeconds ?? 0,
      type: strategy.type ?? strategy.name ?? "none",
    },
  };
}

/** `env: {NAME: value}` and `env.NAME: value` mean the same; the flat spelling is canonical. */
function canonicalInputs(inputs: Inputs): CanonicalStep["inputs"] {
  const { env, ...flat } = inputs;
  const nested = typeof env === "object" ? Object.entries(env) : [];
  const fromNested = nested.map(([name, value]): [string, string] => [`env.${name}`, value]);
  const entries = Object.entries(flat).filter(
    // The schema allows an object under "env" only; this tells the compiler.
    (entry): entry is [string, string | number | boolean] => typeof entry[1] !== "object",
  );
  return mapValues(Object.fromEntries([...fromNested, ...entries]), (value) => value);
}

function canonicalInterpreter(interpreter: Interpreter): CanonicalStep["interpreter"] {
  return {
    name: interpreter.name,
    skill: {
      maxVersion: interpreter.skill?.maxVersion ?? interpreter.max_version ?? "",
      minVersion: interpreter.skill?.minVersion ?? interpreter.min_version ?? "",
    },
  };
}

function canonicalOutputFieldRules(rules: OutputFieldRules): CanonicalStep["outputFieldRules"] {
  // Published samples carry a stray `required: false` beside the rules; the validator warns about it.
  const real = Object.entries(rules).filter(
    (entry): entry is [string, OutputFieldRule] => typeof entry[1] === "object",
  );
  return mapValues(Object.fromEntries(real), canonicalOutputFieldRule);
}

function canonicalOutputFieldRule(rule: OutputFieldRule): CanonicalOutputFieldRule {
  const method = rule.extractMethod ?? "content";
  return {
    expression: rule.expression ?? "",
    extractMethod: method === "regex" ? "regEx" : method,
    required: rule.required ?? false,
    sensitive: rule.sensitive ?? false,
    source: rule.sourceType === "output" ? sourceOfOutput(rule) : (rule.source ?? ""),
    sourceType: rule.sourceType,
  };
}

/** A template that was copied from what a service answered says "" where none was named. */
function sourceOfOutput({ source }: OutputFieldRule): string {
  return source === undefined || source === "" ? "stdout" : source;
}

function unlessDefault<Name extends string, Value extends string, Default extends Value>(
  name: Name,
  value: Value | undefined,
  defaultValue: Default,
): { [Key in Name]?: Exclude<Value, Default> } {
  if (value === undefined || value === defaultValue) return {};
  // The comparison above excludes the default, and a computed key's type is widened to string.
  return { [name]: value } as { [Key in Name]?: Exclude<Value, Default> };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  toValue: (value: From) => To,
): Record<string, To> {
  const names = Object.entries(record).sort(([a], [b]) => byCodeUnit(a, b));
  return Object.fromEntries(names.map(([name, value]) => [name, toValue(value)]));
}

/** A deep copy whose objects list their keys in one order, whatever the order in the user's file. */
function sortedKeys<Value>(value: Value): Value {
  // A copy of the same shape: only the order of keys differs.
  return sortedCopy(value) as Value;
}

function sortedCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedCopy);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => byCodeUnit(a, b));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sortedCopy(entry)]));
}

/** Not locale-aware: the order must be the same on every machine. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
