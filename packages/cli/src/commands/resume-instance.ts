import type { CommandSpec } from "../command.ts";
import { pauseRows } from "../render/columns.ts";

/** `state instance resume` */
export const resumeInstance: CommandSpec = {
  options: [{ flag: "--instanceId <ID>", summary: "the instance", isRequired: true }],
  notes:
    "The time limits of its groups move by as long as it was paused. Resuming what is not paused changes nothing.",
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const client = await context.client();
    const answer = await client.resumeInstance(instanceId, context.world);
    await context.printItem(answer, pauseRows);
    return 0;
  },
};
