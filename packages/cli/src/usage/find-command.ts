import { isGroup, type CommandGroup, type CommandNode } from "../command.ts";

/** Where the words of a command line lead, and what is left for the command's own parser. */
export interface FoundCommand {
  readonly path: readonly string[];
  readonly node: CommandNode;
  readonly rest: readonly string[];
}

/** Walks the command words. Flags may stand before, between and after them; an unknown word is left in `rest`. */
export function findCommand(tree: CommandGroup, args: readonly string[]): FoundCommand {
  const words = args[0] === "help" ? [...args.slice(1), "--help"] : args;
  const path = [tree.name];
  const rest: string[] = [];
  let node: CommandNode = tree;
  let index = 0;
  for (; index < words.length && isGroup(node); index += 1) {
    const word = words[index] ?? "";
    if (word === "--") break;
    if (word.startsWith("-")) {
      rest.push(word);
      if (isFlagWithValue(word)) rest.push(...words.slice(index + 1, ++index + 1));
      continue;
    }
    const child: CommandNode | undefined = node.children.find(({ name }) => name === word);
    if (child === undefined) break;
    node = child;
    path.push(word);
  }
  return { path, node, rest: [...rest, ...words.slice(index)] };
}

/** Of the flags that may stand before the command words, only these take a value. */
function isFlagWithValue(word: string): boolean {
  return word === "--profile" || word === "--format";
}
