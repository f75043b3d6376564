import type { CommandSpec } from "../command.ts";
import { visibleText } from "../render/text-width.ts";

/** `scheduler jobs explain` */
export const explainJob: CommandSpec = {
  options: [{ flag: "--jobId <ID>", summary: "the job", isRequired: true }],
  notes:
    "Says why the job has no new instance now: its schedule, a freeze, an instance of it that is open.",
  run: async (context, flags) => {
    const client = await context.client();
    const answer = await client.explainJob(flags.need("jobId"), context.world);
    await context.printDocument(answer, ({ item }) => {
      const waits = item.waits.flatMap(({ kind, message, releasedBy }) => [
        `  ${kind}: ${visibleText(message)}`,
        `    released by: ${visibleText(releasedBy)}`,
      ]);
      const open = item.openInstanceIds.map((id) => `  open instance: ${id}`);
      const head = `job "${visibleText(item.jobName)}" (${item.jobId}): ${item.status}`;
      const idle = waits.length === 0 ? ["  nothing is in its way"] : waits;
      return `${[head, ...idle, ...open].join("\n")}\n`;
    });
    return 0;
  },
};
