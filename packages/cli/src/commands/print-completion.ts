import type { CommandSpec } from "../command.ts";
import { commandTree } from "../command-tree.ts";
import { bashCompletion } from "../completion/bash.ts";
import { describeTree, type CompletionEntry } from "../completion/describe-tree.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { writeFully } from "../world.ts";

/** `completion bash` */
export const printBashCompletion: CommandSpec = completion(
  bashCompletion,
  "Load it with: source <(courier-cli completion bash)",
);

/** `completion zsh` */
export const printZshCompletion: CommandSpec = completion(
  zshCompletion,
  "Load it with: source <(courier-cli completion zsh)",
);

/** `completion fish` */
export const printFishCompletion: CommandSpec = completion(
  fishCompletion,
  "Load it with: courier-cli completion fish | source",
);

function completion(
  render: (entries: readonly CompletionEntry[]) => string,
  notes: string,
): CommandSpec {
  return {
    options: [],
    notes,
    run: async (context) => {
      await writeFully(context.world.stdout, render(await describeTree(commandTree)));
      return 0;
    },
  };
}
