import type { CommandSpec } from "../../command.ts";
import { jobOption } from "./job-option.ts";

/** `scheduler jobs get-head` */
export const getHead: CommandSpec = {
  options: [jobOption],
  notes:
    "Whether there is such a job (exit code 4: no), and the ETag of its version for update-job --if-match.",
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const client = await context.client();
    const { body, etag } = await client.getJobHead(jobId, context.world);
    const { id, status, updatedAt } = body.item;
    const item = { etag, id, status, updatedAt };
    await context.printItem<typeof item>({ item }, [
      { header: "id", value: (head) => head.id },
      { header: "etag", value: (head) => head.etag },
      { header: "status", value: (head) => head.status, isStatus: true },
      { header: "updated", value: (head) => head.updatedAt },
    ]);
    return 0;
  },
};
