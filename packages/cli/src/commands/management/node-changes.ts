import type { FleetNode } from "@courier/schema";

import type { CommandSpec } from "../../command.ts";
import type { CommandContext } from "../../context.ts";
import { nodeRows } from "../../render/columns.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";

/** The flag that names one node. */
export const nodeOption = {
  flag: "--nodeId <ID>",
  summary: "the node's id or name",
  isRequired: true,
} as const;

/** `management node modify-tags` */
export const modifyTags: CommandSpec = tagsCommand("modify");

/** `management node update-tags` */
export const updateTags: CommandSpec = tagsCommand("update");

/** `management node delete-tags` */
export const deleteTags: CommandSpec = {
  options: [
    nodeOption,
    { flag: "--name <NAMES>", summary: "tags to take away, separated by commas; without it all" },
  ],
  notes: "Takes away what users attached; what the node was started with (--tag) stays.",
  run: async (context, flags) => {
    const nodeId = flags.need("nodeId");
    const names = flags
      .text("name")
      ?.split(",")
      .map((name) => name.trim());
    const tags = Object.fromEntries((names ?? []).map((name) => [name, null]));
    const client = await context.client();
    const call = { body: { tags }, signal: context.world.signal };
    const action = names === undefined ? "update" : "modify";
    await printNode(context, await client.changeTags(nodeId, action, call));
    return 0;
  },
};

/** `management node archive-node` */
export const archiveNode: CommandSpec = archiveCommand("archiveNode");

/** `management node unarchive-node` */
export const unarchiveNode: CommandSpec = archiveCommand("unarchiveNode");

function tagsCommand(action: "modify" | "update"): CommandSpec {
  return {
    options: [nodeOption, ...bodyOptions],
    notes:
      'Body: {"tags": {"role": "web", "old": null}} or [{"name": "role", "value": "web"}]. What the node was started with (--tag) stays;\n' +
      "a tag that is set here stands in its place, null takes it away again.",
    examples: [{ title: "a role", body: { tags: { role: "web" } } }],
    run: async (context, flags) => {
      const nodeId = flags.need("nodeId");
      const body = await readDocument(flags, context.world.stdin);
      const client = await context.client();
      const { signal } = context.world;
      await printNode(context, await client.changeTags(nodeId, action, { body, signal }));
      return 0;
    },
  };
}

function archiveCommand(action: "archiveNode" | "unarchiveNode"): CommandSpec {
  return {
    options: [nodeOption],
    notes: "Archived nodes are left out of lists, filters and targets; their runs stay visible.",
    run: async (context, flags) => {
      const nodeId = flags.need("nodeId");
      const client = await context.client();
      await printNode(context, await client[action](nodeId, context.world));
      return 0;
    },
  };
}

/** Prints one node as it is now. */
export async function printNode(
  context: CommandContext,
  answer: { readonly item: FleetNode },
): Promise<void> {
  await context.printItem(answer, nodeRows(answer.item));
}
