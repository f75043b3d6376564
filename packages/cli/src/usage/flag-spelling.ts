import type { OptionSpec } from "../command.ts";

/** A flag's long name without dashes: `--jobId <ID>` is `jobId`. */
export function longName(option: OptionSpec): string {
  return /--([\w.-]+)/.exec(option.flag)?.[1] ?? "";
}

/** Whether a flag is followed by a value. */
export function takesValue(option: OptionSpec): boolean {
  return option.flag.includes("<");
}

/** Whether a flag has no value at all; `--expand [BOOLEAN]` may have one. */
function isSwitch(option: OptionSpec): boolean {
  return !/[<[]/.test(option.flag);
}

/**
 * Rewrites every flag of `args` to the spelling that the command declares: `--job-id`, `--jobId` and `--JobId` are the same
 * flag, and so are its aliases. Values are left alone, also when they look like flags (`--body` takes the next word whatever it is).
 */
export function declareSpelling(args: readonly string[], options: readonly OptionSpec[]): string[] {
  const known = new Map(
    options.flatMap((option) =>
      [longName(option), ...(option.aliases ?? [])].map((name) => [letters(name), option]),
    ),
  );
  const rewritten: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? "";
    if (word === "--") return [...rewritten, ...args.slice(index)];
    const match = /^--([A-Za-z][\w.-]*)(=[\s\S]*)?$/.exec(word);
    const option = known.get(letters(match?.[1] ?? ""));
    if (option === undefined) {
      rewritten.push(word);
      continue;
    }
    const given = match?.[2];
    // Switches as the original's scripts may write them: `--active=true`, `--isArchived=false`.
    if (isSwitch(option) && given === "=false") continue;
    rewritten.push(
      `--${longName(option)}${isSwitch(option) && given === "=true" ? "" : (given ?? "")}`,
    );
    const value = args[index + 1];
    if (takesValue(option) && given === undefined && value !== undefined) {
      rewritten.push(value);
      index += 1;
    }
  }
  return rewritten;
}

function letters(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}
