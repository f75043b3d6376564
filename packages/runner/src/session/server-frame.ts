import { runsPerMessageMax, type ServerMessage } from "@courier/protocol";
import { stepsPerRunMax } from "../limits.ts";

/** Outcome of reading a frame. */
export type ServerFrame =
  | { readonly ok: true; readonly messages: readonly ServerMessage[] }
  | { readonly ok: false; readonly reason: string };

/** Reads a frame of the service. A message of a type that this agent does not know is skipped: a newer service may send it. */
export function readServerFrame(text: string): ServerFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, reason: `not JSON: ${error instanceof Error ? error.message : "?"}` };
  }
  if (!Array.isArray(value)) return { ok: false, reason: "not a list of messages" };
  const list: readonly unknown[] = value;
  const known = list.filter((message) => typeOf(message) in validators);
  const broken = known.find((message) => !isValid(message));
  if (broken !== undefined) return { ok: false, reason: `malformed "${typeOf(broken)}" message` };
  // Each has just been checked against its type's shape.
  return { ok: true, messages: known as ServerMessage[] };
}

type Fields = Readonly<Record<string, unknown>>;

const validators: Readonly<Record<ServerMessage["type"], (message: Fields) => boolean>> = {
  challenge: (message) => isNumber(message["protocolVersion"]) && isText(message["nonce"]),
  welcome: (message) => isText(message["signature"]) && isNumber(message["heartbeatIntervalMs"]),
  assign: (message) => isList(message["runs"], isAssignment),
  stop: (message) => isList(message["runs"], isStop),
  ack: (message) => isList(message["results"], isText) && isList(message["output"], isOutputAck),
  goodbye: (message) => isText(message["code"]) && isText(message["reason"]),
};

function isValid(message: unknown): boolean {
  if (!isFields(message)) return false;
  const type = typeOf(message);
  return type in validators && validators[type as ServerMessage["type"]](message);
}

function typeOf(message: unknown): string {
  return isFields(message) && isText(message["type"]) ? message["type"] : "";
}

/** The run id becomes part of a file name: nothing but a UUID's characters. */
function isRunId(value: unknown): boolean {
  return isText(value) && /^[0-9a-zA-Z-]{1,64}$/.test(value);
}

function isAssignment(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { runId, token, instanceId, steps } = value;
  const isNamed = isRunId(runId) && isNumber(token) && isText(instanceId);
  return isNamed && isList(steps, isStep, stepsPerRunMax);
}

/** The service has validated the template; this only makes sure that what the agent reads is there. */
function isStep(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { command, inputs, expectedInputs, outputFieldRules, conditions, retryCount } = value;
  const areObjects = [command, inputs, expectedInputs, outputFieldRules].every(isFields);
  return (
    areObjects &&
    Array.isArray(conditions) &&
    isNumber(retryCount) &&
    isText(value["name"]) &&
    hasInterpreter(value["interpreter"]) &&
    isFields(value["limits"]) &&
    isNumber(value["limits"]["timeoutSeconds"]) &&
    hasFailureBehavior(value["failureBehavior"])
  );
}

function hasInterpreter(value: unknown): boolean {
  if (!isFields(value) || !isText(value["name"]) || !isFields(value["skill"])) return false;
  return isText(value["skill"]["minVersion"]) && isText(value["skill"]["maxVersion"]);
}

function hasFailureBehavior(value: unknown): boolean {
  if (!isFields(value) || !isText(value["action"])) return false;
  const strategy = value["retryBackoffStrategy"];
  if (!isFields(strategy)) return false;
  const { type, delaySeconds } = strategy;
  return isText(type) && isNumber(delaySeconds) && Array.isArray(strategy["arguments"]);
}

function isStop(value: unknown): boolean {
  if (!isFields(value) || !isRunId(value["runId"]) || !isNumber(value["token"])) return false;
  return value["outcome"] === "canceled" || value["outcome"] === "timeout";
}

function isOutputAck(value: unknown): boolean {
  if (!isFields(value) || !isText(value["runId"])) return false;
  return (
    isNumber(value["stepNumber"]) && isNumber(value["attempt"]) && isNumber(value["nextOffset"])
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isList(
  value: unknown,
  isEntry: (entry: unknown) => boolean,
  countMax = Math.max(runsPerMessageMax, 10_000),
): boolean {
  return Array.isArray(value) && value.length <= countMax && value.every(isEntry);
}
