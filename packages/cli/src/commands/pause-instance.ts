import type { CommandSpec } from "../command.ts";
import { pauseRows } from "../render/columns.ts";

/** `state instance pause` */
export const pauseInstance: CommandSpec = {
  options: [{ flag: "--instanceId <ID>", summary: "the instance", isRequired: true }],
  notes:
    "Nothing more is dispatched; runs in flight finish. The time limits of its groups stand still, also over a restart of the service.\n" +
    'Go on with "courier-cli state instance resume"; cancel works as always.',
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const client = await context.client();
    const answer = await client.pauseInstance(instanceId, context.world);
    await context.printItem(answer, pauseRows);
    return 0;
  },
};
