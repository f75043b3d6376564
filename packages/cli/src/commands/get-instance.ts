import type { CommandSpec } from "../command.ts";
import { instanceRows } from "../render/columns.ts";

/** `state instance get-instance` */
export const getInstance: CommandSpec = {
  options: [{ flag: "--instanceId <ID>", summary: "the instance", isRequired: true }],
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const client = await context.client();
    const answer = await client.getInstance(instanceId, context.world);
    await context.printItem(answer, instanceRows);
    return 0;
  },
};
