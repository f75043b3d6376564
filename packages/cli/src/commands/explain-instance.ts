import type { CommandSpec } from "../command.ts";
import { choosePaint } from "../render/color.ts";
import { renderExplanation } from "../render/explanation.ts";

/** `state instance explain` */
export const explainInstance: CommandSpec = {
  options: [{ flag: "--instanceId <ID>", summary: "the instance", isRequired: true }],
  notes:
    "For everything that does not move: the reason, some of the nodes, and the event that would release it.\n" +
    "For an instance that has ended: its criteria in numbers, and its failures, those that are the same as one.",
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const client = await context.client();
    const answer = await client.explainInstance(instanceId, context.world);
    const { stdout, env } = context.world;
    await context.printDocument(answer, ({ item }) =>
      renderExplanation(item, choosePaint(stdout, env)),
    );
    return 0;
  },
};
