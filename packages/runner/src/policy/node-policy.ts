import { realpathSync } from "node:fs";
import { sep } from "node:path";
import { shellInterpreterName, type LinearRegex } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import type { Account } from "../step/account.ts";

/** What the node's owner allows, whatever the service assigns; an absent list allows everything. */
export interface NodePolicy {
  /** Names of interpreters. */
  readonly interpreters?: readonly string[];
  /** Names of the users as whom steps may run. */
  readonly users?: readonly string[];
  /** Directories in which, or below which, steps may run; absolute. */
  readonly directories?: readonly string[];
  /** Every line of a shell step, and the command of any other as JSON, must match one of them from end to end. */
  readonly commands?: readonly LinearRegex[];
}

/** Why the policy forbids a step that could run otherwise; undefined when it does not. `step` is as it would be executed. */
export function policyRefusal(
  policy: NodePolicy,
  {
    step,
    account,
    directory,
  }: {
    readonly step: CanonicalStep;
    readonly account: Account;
    readonly directory: string;
  },
): string | undefined {
  const { users, directories, commands } = policy;
  if (users !== undefined && !users.includes(account.name)) {
    return `this node's policy lets no step run as user "${account.name}"`;
  }
  if (directories !== undefined && !directories.some((allowed) => isWithin(directory, allowed))) {
    return `this node's policy lets no step run in directory "${directory}"`;
  }
  const line = commands && linesOf(step).find((text) => !isAllowed(text, commands));
  return line === undefined ? undefined : `this node's policy forbids the command ${quoted(line)}`;
}

/** Links are followed: what counts is where the step would really be. */
function isWithin(directory: string, allowed: string): boolean {
  const [real, root] = [realPath(directory), realPath(allowed)];
  return real === root || real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What is not there is compared as it is written; a step in it is refused for that reason later.
    return path;
  }
}

function linesOf({ interpreter, command }: CanonicalStep): readonly string[] {
  if (interpreter.name !== shellInterpreterName) return [JSON.stringify(command)];
  const form = process.platform === "win32" ? "windows" : process.platform;
  return [command[form]]
    .flat()
    .flatMap((text) => (typeof text === "string" ? text.split("\n") : []))
    .filter((line) => line.trim() !== "");
}

function isAllowed(text: string, commands: readonly LinearRegex[]): boolean {
  return commands.some((regex) => text.length <= regex.textLengthMax && regex.isFoundIn(text));
}

function quoted(text: string): string {
  const lengthMax = 200;
  return JSON.stringify(text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text);
}
