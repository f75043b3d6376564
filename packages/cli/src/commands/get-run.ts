import type { CommandSpec } from "../command.ts";
import { runRows } from "../render/columns.ts";

/** `state run get-run` */
export const getRun: CommandSpec = {
  options: [{ flag: "--runId <ID>", summary: "the run", isRequired: true }],
  run: async (context, flags) => {
    const runId = flags.need("runId");
    const client = await context.client();
    const answer = await client.getRun(runId, context.world);
    await context.printItem(answer, runRows);
    return 0;
  },
};
