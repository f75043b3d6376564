import type { CommandSpec } from "../../command.ts";
import { jobRows } from "../../render/columns.ts";
import { noteWarnings } from "../../render/warnings.ts";
import { templateOptions, readBody } from "../../template/read-body.ts";
import { jobOption } from "./job-option.ts";

/** `scheduler jobs update-job` */
export const updateJob: CommandSpec = {
  options: [
    jobOption,
    ...templateOptions,
    {
      flag: "--if-match <ETAG>",
      summary: "change the job only if it still is this version (get-head shows it)",
    },
  ],
  notes:
    "The template replaces the whole job. Instances keep the one that they started with; a schedule that changes begins now.\n" +
    'The item that get-job prints may be sent back: --body "$(courier-cli … get-job --jobId ID | jq .item)".',
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const ifMatch = flags.text("ifMatch");
    const body = await readBody(flags, context.world.stdin);
    // Loaded late: the validator is the heaviest module of the CLI.
    const { checkReplacement } = await import("../../template/check-template.ts");
    const { warnings } = await checkReplacement(body, context.world.now());
    await noteWarnings(context, warnings, body.file);
    const client = await context.client();
    const { locateProblems } = await import("../../template/locate-problems.ts");
    const { signal } = context.world;
    const answer = await locateProblems(body, () =>
      client.updateJob(jobId, body, { ifMatch, signal }),
    );
    await context.printItem(answer, jobRows);
    return 0;
  },
};
