import { everyLeafOptions, isGroup, type CommandNode } from "../command.ts";
import { longName, takesValue } from "../usage/flag-spelling.ts";

/** What may follow a command path: words, and flags with what may follow them. */
export interface CompletionEntry {
  /** Without the program's name; empty for the top. */
  readonly path: readonly string[];
  readonly words: readonly { readonly name: string; readonly summary: string }[];
  readonly flags: readonly CompletionFlag[];
}

/** A flag and what its value may be. */
export interface CompletionFlag {
  readonly name: string;
  readonly summary: string;
  readonly value: "none" | "file" | "text" | readonly string[];
}

/** Every path of the tree with its completions; loads all commands. */
export async function describeTree(
  node: CommandNode,
  path: readonly string[] = [],
): Promise<readonly CompletionEntry[]> {
  if (!isGroup(node)) {
    const spec = await node.load();
    return [{ path, words: [], flags: [...spec.options, ...everyLeafOptions].map(toFlag) }];
  }
  const words = node.children.map(({ name, summary }) => ({ name, summary }));
  const below = await Promise.all(
    node.children.map((child) => describeTree(child, [...path, child.name])),
  );
  return [{ path, words, flags: [] }, ...below.flat()];
}

function toFlag(option: Parameters<typeof longName>[0]): CompletionFlag {
  const value = (): CompletionFlag["value"] => {
    if (!takesValue(option)) return "none";
    if (option.choices !== undefined) return option.choices;
    return option.flag.includes("<FILE>") ? "file" : "text";
  };
  return { name: `--${longName(option)}`, summary: option.summary, value: value() };
}
