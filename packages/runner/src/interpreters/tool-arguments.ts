import type { CanonicalStep } from "@courier/schema";

/** What `command.args` of a tool's step may hold; the template's schema has checked it already. */
export type ToolArguments = Readonly<Record<string, unknown>>;

/** A step's command is not one that its interpreter knows; the message is the step's reason. */
export class CommandProblem extends Error {
  override readonly name = "CommandProblem";
}

/** `exec` of a tool's step, which must be one of `known`. */
export function execOf<Exec extends string>(
  command: CanonicalStep["command"],
  known: readonly Exec[],
): Exec {
  const found = known.find((exec) => exec === command["exec"]);
  if (found !== undefined) return found;
  const list = known.map((exec) => `"${exec}"`).join(", ");
  throw new CommandProblem(`the command needs "exec", one of ${list}`);
}

/** `args` of a tool's step; a name that is not in `known` would change nothing and is refused. */
export function argumentsOf(
  command: CanonicalStep["command"],
  known: readonly string[],
): ToolArguments {
  const { args = {} } = command;
  if (!isObject(args)) throw new CommandProblem('"args" of the command is not an object');
  const stray = Object.keys(args).find((name) => !known.includes(name));
  if (stray !== undefined) {
    throw new CommandProblem(`"args" has no "${stray}", known are ${known.join(", ")}`);
  }
  return { ...args };
}

/** A text argument; undefined when it is absent or empty. */
export function textArgument(args: ToolArguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new CommandProblem(`"args.${name}" is not a text`);
}

/** A text argument without which the tool cannot do anything. */
export function requiredArgument(args: ToolArguments, name: string): string {
  const value = textArgument(args, name);
  if (value === undefined) throw new CommandProblem(`"args" needs "${name}"`);
  return value;
}

/** `[flag, value]` when the argument is there. */
export function flagFor(flag: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [flag, value];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
