import type { CommandSpec } from "../../command.ts";
import { nodeRows } from "../../render/columns.ts";

/** `management node find-one-node` */
export const findOneNode: CommandSpec = {
  options: [{ flag: "--nodeId <ID>", summary: "the node's id or name", isRequired: true }],
  run: async (context, flags) => {
    const nodeId = flags.need("nodeId");
    const client = await context.client();
    const answer = await client.getNode(nodeId, context.world);
    await context.printItem(answer, nodeRows(answer.item));
    return 0;
  },
};
