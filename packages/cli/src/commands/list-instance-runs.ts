import { runOutcomes } from "@courier/core";

import { pageOptions, type CommandSpec } from "../command.ts";
import { runColumns } from "../render/columns.ts";
import { readPageQuery } from "../usage/page-query.ts";

/** `state instance list-instance-runs` */
export const listInstanceRuns: CommandSpec = {
  options: [
    { flag: "--instanceId <ID>", summary: "the instance", isRequired: true },
    {
      flag: "--status <STATUS>",
      summary: "only runs with this status",
      choices: ["pending", "dispatched", "running", ...runOutcomes],
    },
    {
      flag: "--group-number <N>",
      summary: "only runs of this group, from 0",
      aliases: ["groupNum"],
    },
    { flag: "--node-id <ID>", summary: "only runs of this node" },
    { flag: "--run-after <TIME>", summary: "only runs last updated after this time (RFC 3339)" },
    { flag: "--run-before <TIME>", summary: "only runs last updated before this time (RFC 3339)" },
    ...pageOptions,
  ],
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const query = {
      ...readPageQuery(flags),
      status: flags.text("status"),
      groupNumber: flags.integer("groupNumber", { min: 0 }),
      nodeId: flags.text("nodeId"),
      runAfter: flags.text("runAfter"),
      runBefore: flags.text("runBefore"),
    };
    const client = await context.client();
    const answer = await client.listInstanceRuns(instanceId, query, context.world);
    await context.printList(answer, runColumns);
    return 0;
  },
};
