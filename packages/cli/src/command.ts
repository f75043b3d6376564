import type { CommandContext } from "./context.ts";
import type { Flags } from "./usage/flags.ts";

/** One flag of a command. */
export interface OptionSpec {
  /** As help shows it: `-f, --follow`, `--jobId <ID>`. Every other spelling of the name is accepted too. */
  readonly flag: string;
  readonly summary: string;
  readonly isRequired?: true;
  readonly choices?: readonly string[];
  /** Other long names, without dashes, that mean this flag. */
  readonly aliases?: readonly string[];
  /** The value may stand alone too, as in `set-default-profile NAME`. */
  readonly isWord?: true;
}

/** A body that a command takes. */
export interface ExampleBody {
  readonly title: string;
  readonly body: object;
}

/** A leaf of the command tree. */
export interface CommandSpec {
  readonly options: readonly OptionSpec[];
  /** Shown below the options in help. */
  readonly notes?: string;
  /** `-f` is --format and `-v` is --verbose, as in the original's commands for devices. */
  readonly hasShortFlags?: true;
  /** Bodies to start from, printed by --example. */
  readonly examples?: readonly ExampleBody[];
  /** Does the work; the number is the exit code. Failures are thrown. */
  readonly run: (context: CommandContext, flags: Flags) => Promise<number>;
}

/** Where a leaf is found; its module is loaded only when it is the one that was called. */
export interface CommandLeaf {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandSpec>;
}

/** A word that groups commands. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly children: readonly CommandNode[];
}

/** Anything in the tree. */
export type CommandNode = CommandGroup | CommandLeaf;

/** Tells the two apart. */
export function isGroup(node: CommandNode): node is CommandGroup {
  return "children" in node;
}

/** The flags that every leaf takes. */
export const everyLeafOptions: readonly OptionSpec[] = [
  { flag: "--profile <NAME>", summary: "profile to use instead of the default one" },
  {
    flag: "--format <FORMAT>",
    summary: "how to print data and errors",
    choices: ["json", "yaml", "table"],
  },
  { flag: "--verbose", summary: "say on stderr what is done" },
];

/** The same, for the few leaves that have short forms of them. */
export const shortLeafOptions: readonly OptionSpec[] = everyLeafOptions.map((option) => {
  const short = { "--format <FORMAT>": "-f, ", "--verbose": "-v, " }[option.flag] ?? "";
  return { ...option, flag: `${short}${option.flag}` };
});

/** The flags of every leaf that has examples, as the original spells them. */
export const exampleOptions: readonly OptionSpec[] = [
  { flag: "-e, --example", summary: "print bodies to start from, and do nothing else" },
  {
    flag: "-f, --example-format <FORMAT>",
    summary: "format of the examples",
    choices: ["json", "yaml", "toml"],
  },
  { flag: "-n, --example-number <N>", summary: "only the example with this number, from 1" },
];

/** The flags that every list takes. */
export const pageOptions: readonly OptionSpec[] = [
  { flag: "--pagination.page <N>", aliases: ["page"], summary: "which page, from 1" },
  {
    flag: "--pagination.size <N>",
    aliases: ["size"],
    summary: "items per page, up to 1000, or a multiple of 1000 up to 100000",
  },
];
