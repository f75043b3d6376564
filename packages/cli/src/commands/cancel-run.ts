import type { CommandSpec } from "../command.ts";
import { cancelRows } from "../render/columns.ts";

/** `state run cancel` */
export const cancelRun: CommandSpec = {
  options: [{ flag: "--runId <ID>", summary: "the run", isRequired: true }],
  run: async (context, flags) => {
    const runId = flags.need("runId");
    const client = await context.client();
    const answer = await client.cancelRun(runId, context.world);
    await context.printItem(answer, cancelRows);
    return 0;
  },
};
