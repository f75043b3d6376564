import type { NodeList } from "@courier/schema";

import type { CommandSpec } from "../../command.ts";
import type { CommandContext } from "../../context.ts";
import { nodeColumns } from "../../render/columns.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import type { Flags } from "../../usage/flags.ts";
import { nodeOption, printNode } from "./node-changes.ts";

/** `management node approve-node` */
export const approveNode: CommandSpec = {
  options: [nodeOption],
  notes:
    "For nodes that were admitted to a cohort with approvalNeeded: they connect within half a minute and get their runs.",
  run: async (context, flags) => {
    const nodeId = flags.need("nodeId");
    const client = await context.client();
    await printNode(context, await client.approveNode(nodeId, context.world));
    return 0;
  },
};

/** `management node approve-nodes` */
export const approveNodes: CommandSpec = severalCommand(
  "approveNodes",
  "Those that are approved already stay so.",
);

/** `management node bulk-node-details` */
export const bulkNodeDetails: CommandSpec = severalCommand(
  "getNodes",
  "The nodes come in this order.",
);

/** `management node assign-cohort` */
export const assignCohort: CommandSpec = {
  options: [
    nodeOption,
    { flag: "--cohortId <ID>", summary: "the cohort's id or name", isRequired: true },
  ],
  notes:
    "Takes the node out of every cohort that it is in; to have it in several: management cohort add-nodes.",
  run: async (context, flags) => {
    const [nodeId, cohortId] = [flags.need("nodeId"), flags.need("cohortId")];
    const client = await context.client();
    await printNode(context, await client.assignCohort(nodeId, cohortId, context.world));
    return 0;
  },
};

/** `management node get-archive-status` */
export const getArchiveStatus: CommandSpec = {
  options: [nodeOption],
  run: async (context, flags) => {
    const nodeId = flags.need("nodeId");
    const client = await context.client();
    const { id, enrollmentLevel } = (await client.getNode(nodeId, context.world)).item;
    const item = { isArchived: enrollmentLevel === "archived", nodeId: id };
    await context.printItem({ item }, [
      { header: "node", value: (answer) => answer.nodeId },
      { header: "archived", value: (answer) => answer.isArchived },
    ]);
    return 0;
  },
};

function severalCommand(action: "approveNodes" | "getNodes", note: string): CommandSpec {
  return {
    options: bodyOptions,
    notes: `Body: {"nodeIds": ["web-1", …]} or ["web-1", …], ids or names. ${note}`,
    examples: [{ title: "two nodes", body: { nodeIds: ["web-1", "web-2"] } }],
    run: async (context, flags) => {
      await context.printList(await ask(context, flags, action), nodeColumns);
      return 0;
    },
  };
}

async function ask(
  context: CommandContext,
  flags: Flags,
  action: "approveNodes" | "getNodes",
): Promise<NodeList> {
  const body = await readDocument(flags, context.world.stdin);
  const client = await context.client();
  return client[action]({ body, signal: context.world.signal });
}
