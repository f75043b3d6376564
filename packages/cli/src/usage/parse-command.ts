import { CourierError } from "@courier/core";
import { Command, CommanderError, Option } from "commander";

import {
  everyLeafOptions,
  exampleOptions,
  shortLeafOptions,
  type CommandGroup,
  type CommandSpec,
  type OptionSpec,
} from "../command.ts";
import { cliVersion } from "../version.ts";
import { declareSpelling, longName } from "./flag-spelling.ts";
import { Flags } from "./flags.ts";

/** What parsing yields: flags to run with, or text to print (help, version). */
export type Parsed =
  | { readonly kind: "flags"; readonly flags: Flags }
  | { readonly kind: "text"; readonly text: string };

/** Parses the words after a leaf's name. Wrong ones throw a usage error that suggests the nearest flag. */
export function parseLeaf(
  path: readonly string[],
  leaf: { readonly summary: string; readonly spec: CommandSpec },
  args: readonly string[],
): Parsed {
  const examples = leaf.spec.examples === undefined ? [] : exampleOptions;
  const common = leaf.spec.hasShortFlags === true ? shortLeafOptions : everyLeafOptions;
  const options = [...leaf.spec.options, ...examples, ...common];
  const word = leaf.spec.options.find(({ isWord }) => isWord);
  const command = createCommand(path, leaf.summary).allowExcessArguments(false);
  command.usage(word === undefined ? "[options]" : `[options] [${valueName(word)}]`);
  if (word !== undefined) command.argument(`[${valueName(word)}]`);
  for (const option of options) command.addOption(createOption(option));
  if (leaf.spec.notes !== undefined) command.addHelpText("after", `\n${leaf.spec.notes}`);
  const text = parse(command, declareSpelling(args, options));
  if (text !== undefined) return text;
  const flags = new Flags({
    ...(word === undefined ? {} : { [attributeName(word)]: command.args[0] }),
    ...command.opts(),
  });
  if (flags.isOn("example")) return { kind: "flags", flags };
  // Checked here and not by commander, which would hide a misspelt flag behind the missing one.
  for (const option of leaf.spec.options) {
    if (option.isRequired === true && flags.text(attributeName(option)) === undefined) {
      throw new CourierError(
        "USAGE",
        `--${longName(option)} is required; see "${command.name()} --help"`,
      );
    }
  }
  return { kind: "flags", flags };
}

/** Answers a command line that ends at a group: help when it was asked for, else a usage error that names the choices. */
export function parseGroup(
  path: readonly string[],
  group: CommandGroup,
  args: readonly string[],
): Parsed {
  const command = createCommand(path, group.summary).usage("<command> [options]");
  command.helpCommand(false);
  if (path.length === 1) command.version(cliVersion, "--version", "show the version");
  for (const child of group.children) {
    command.command(child.name).summary(child.summary).description(child.summary);
  }
  const parsed = parse(command, withoutEveryLeafFlags(args));
  if (parsed !== undefined) return parsed;
  const names = group.children.map(({ name }) => name).join(", ");
  throw new CourierError("USAGE", `"${path.join(" ")}" needs a command: ${names}`);
}

function createCommand(path: readonly string[], summary: string): Command {
  const command = new Command(path.join(" "));
  command.description(summary).helpOption("-h, --help", "show this help");
  return command;
}

function createOption(spec: OptionSpec): Option {
  const isRequired = spec.isRequired === true;
  const option = new Option(spec.flag, isRequired ? `${spec.summary} (required)` : spec.summary);
  if (spec.choices !== undefined) option.choices([...spec.choices]);
  return option;
}

function attributeName(spec: OptionSpec): string {
  return new Option(spec.flag).attributeName();
}

/** `NAME` of `--profile-name <NAME>`. */
function valueName(spec: OptionSpec): string {
  return /<(\w+)>/.exec(spec.flag)?.[1] ?? "";
}

/** Runs commander without letting it write or exit; returns text when that is all that was asked for. */
function parse(command: Command, args: readonly string[]): Parsed | undefined {
  const written: string[] = [];
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => written.push(text),
    writeErr: () => undefined,
    outputError: () => undefined,
    getOutHelpWidth: () => 100,
  });
  try {
    command.parse([...args], { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "text", text: written.join("") };
    if (error.code === "commander.help") return undefined;
    throw new CourierError("USAGE", describe(error, command), { cause: error });
  }
}

function describe(error: CommanderError, command: Command): string {
  const text = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const message = text.replace(/\(Did you mean (.*?)\?\)/, "(did you mean $1?)").trim();
  if (error.code === "commander.excessArguments") {
    return `"${command.name()}" takes no words, only flags (${message})`;
  }
  return `${message.replace(/\.$/, "")}; see "${command.name()} --help"`;
}

/** `courier-cli --format table scheduler` is about the missing command, not about the flag. */
function withoutEveryLeafFlags(args: readonly string[]): readonly string[] {
  const known = declareSpelling(args, everyLeafOptions);
  const kept: string[] = [];
  for (let index = 0; index < known.length; index += 1) {
    const word = known[index] ?? "";
    if (word === "--profile" || word === "--format") index += 1;
    else if (!/^--(verbose$|profile=|format=)/.test(word)) kept.push(word);
  }
  return kept;
}
