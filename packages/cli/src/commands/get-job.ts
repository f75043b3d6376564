import type { CommandSpec } from "../command.ts";
import { jobRows } from "../render/columns.ts";

/** `scheduler jobs get-job` */
export const getJob: CommandSpec = {
  options: [{ flag: "--jobId <ID>", summary: "the job", isRequired: true }],
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const client = await context.client();
    const answer = await client.getJob(jobId, context.world);
    await context.printItem(answer, jobRows);
    return 0;
  },
};
