import type { CommandSpec } from "../command.ts";
import { cancelRows } from "../render/columns.ts";

/** `state instance cancel` */
export const cancelInstance: CommandSpec = {
  options: [{ flag: "--instanceId <ID>", summary: "the instance", isRequired: true }],
  notes:
    "Runs that have not started end at once; running ones are stopped on their nodes and confirmed.\n" +
    'Follow it with "courier-cli state instance watch".',
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const client = await context.client();
    const answer = await client.cancelInstance(instanceId, context.world);
    await context.printItem(answer, cancelRows);
    return 0;
  },
};
