import { pageOptions, type CommandSpec } from "../command.ts";
import { jobColumns } from "../render/columns.ts";
import { readPageQuery } from "../usage/page-query.ts";

/** `scheduler jobs list-jobs` */
export const listJobs: CommandSpec = {
  options: [
    {
      flag: "--status <STATUS>",
      summary: "only jobs with this status",
      choices: ["active", "inactive", "completed", "canceled"],
    },
    { flag: "--name <NAME>", summary: "only jobs with this name" },
    ...pageOptions,
  ],
  run: async (context, flags) => {
    const query = {
      ...readPageQuery(flags),
      status: flags.text("status"),
      name: flags.text("name"),
    };
    const client = await context.client();
    await context.printList(await client.listJobs(query, context.world), jobColumns);
    return 0;
  },
};
