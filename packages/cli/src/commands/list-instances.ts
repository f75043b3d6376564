import { pageOptions, type CommandSpec } from "../command.ts";
import { instanceColumns } from "../render/columns.ts";
import { readPageQuery } from "../usage/page-query.ts";

/** `state instance list-all` */
export const listInstances: CommandSpec = {
  options: [
    { flag: "--job-id <ID>", summary: "only instances of this job" },
    {
      flag: "--status <STATUS>",
      summary: "only instances with this status",
      choices: ["pending", "running", "cancelling", "success", "failure", "canceled"],
    },
    { flag: "--run-after <TIME>", summary: "only instances created after this time (RFC 3339)" },
    { flag: "--run-before <TIME>", summary: "only instances created before this time (RFC 3339)" },
    ...pageOptions,
  ],
  run: async (context, flags) => {
    const query = {
      ...readPageQuery(flags),
      jobId: flags.text("jobId"),
      status: flags.text("status"),
      runAfter: flags.text("runAfter"),
      runBefore: flags.text("runBefore"),
    };
    const client = await context.client();
    await context.printList(await client.listInstances(query, context.world), instanceColumns);
    return 0;
  },
};
