import type { OptionSpec } from "../../command.ts";

/** The flag that names one job. */
export const jobOption: OptionSpec = { flag: "--jobId <ID>", summary: "the job", isRequired: true };
