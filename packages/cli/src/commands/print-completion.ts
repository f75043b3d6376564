import type { CommandSpec } from "../command.ts";
import { commandTree } from "../command-tree.ts";
import { bashCompletion } from "../completion/bash.ts";
import { describeTree, type CompletionEntry } from "../completion/describe-tree.ts";
import { fishCompletion } from "../completion/fish.ts";
import { powershellCompletion } from "../completion/powershell.ts";
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

/** `completion powershell` */
export const printPowershellCompletion: CommandSpec = completion(
  powershellCompletion,
  "Load it with: courier-cli completion powershell | Out-String | Invoke-Expression\n" +
    "For every session: put that line into the file that $PROFILE names. It was never tried in a PowerShell, only its text is tested.",
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
