import { pageOptions, type CommandSpec } from "../../command.ts";
import { nodeColumns } from "../../render/columns.ts";
import { readPageQuery } from "../../usage/page-query.ts";

/** `management node find-all-nodes` */
export const findAllNodes: CommandSpec = {
  options: [
    { flag: "--name <NAME>", summary: "only nodes with this name" },
    {
      flag: "--health-status <STATUS>",
      summary: "only nodes with this health",
      choices: ["online", "offline"],
    },
    { flag: "--isArchived", summary: "only archived nodes, which are left out otherwise" },
    ...pageOptions,
  ],
  run: async (context, flags) => {
    const query = {
      ...readPageQuery(flags),
      name: flags.text("name"),
      healthStatus: flags.text("healthStatus"),
      isArchived: flags.isOn("isArchived") ? "true" : undefined,
    };
    const client = await context.client();
    await context.printList(await client.listNodes(query, context.world), nodeColumns);
    return 0;
  },
};
