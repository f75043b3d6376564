import { pageOptions, type CommandSpec } from "../command.ts";
import { stepColumns } from "../render/columns.ts";
import { readPageQuery } from "../usage/page-query.ts";

/** `state run list-steps` */
export const listSteps: CommandSpec = {
  options: [{ flag: "--runId <ID>", summary: "the run", isRequired: true }, ...pageOptions],
  run: async (context, flags) => {
    const runId = flags.need("runId");
    const query = readPageQuery(flags);
    const client = await context.client();
    const answer = await client.listSteps(runId, query, context.world);
    await context.printList(answer, stepColumns);
    return 0;
  },
};
