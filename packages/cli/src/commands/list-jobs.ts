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
    { flag: "--active", summary: "only active jobs that have a next execution" },
    { flag: "--sortKey <KEY>", summary: "sort by this", choices: ["name", "createdAt"] },
    {
      flag: "--sortOrder <ORDER>",
      summary: "asc or desc; by default names ascending, creation times descending",
      choices: ["asc", "desc", "ascending", "descending"],
    },
    ...pageOptions,
  ],
  run: async (context, flags) => {
    const query = {
      ...readPageQuery(flags),
      status: flags.text("status"),
      name: flags.text("name"),
      active: flags.isOn("active") ? "true" : undefined,
      sortKey: flags.text("sortKey"),
      sortOrder: flags.text("sortOrder"),
    };
    const client = await context.client();
    await context.printList(await client.listJobs(query, context.world), jobColumns);
    return 0;
  },
};
