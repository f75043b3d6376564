import { CourierError } from "@courier/core";
import type { CourierClient } from "@courier/client";

import type { CommandSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import type { Flags } from "../usage/flags.ts";
import { refuseExisting, saveFile } from "../save-file.ts";
import { writeFully } from "../world.ts";

/** `state run get-step-attempt-evidence` */
export const getEvidence: CommandSpec = {
  options: [
    { flag: "--runId <ID>", summary: "the run", isRequired: true },
    { flag: "--stepNumber <N>", summary: "the step, from 1 (also --stepNo)" },
    {
      flag: "--attemptNumber <N>",
      summary: "its attempt, from 1; default the last (also --attemptNo)",
    },
    { flag: "--stepNo <N>", summary: "the original's name of --stepNumber" },
    { flag: "--attemptNo <N>", summary: "the original's name of --attemptNumber" },
    { flag: "--output <FILE>", summary: 'where to write it; "-" is standard output' },
    { flag: "--force", summary: "replace the file when there is one" },
  ],
  notes:
    "Writes evidence-<RUN>-step-<N>-attempt-<M>.tar.gz: facts as JSON, stdout, stderr, and the files that the step left.\n" +
    "The archive is compared with its SHA-256; one that does not match is not kept, and the exit code is 1.",
  run: async (context, flags) => {
    const runId = flags.need("runId");
    const stepNumber = numberOf(flags, "stepNumber", "stepNo");
    if (stepNumber === undefined) throw new CourierError("USAGE", "--stepNumber is required");
    const given = numberOf(flags, "attemptNumber", "attemptNo");
    const output = flags.text("output");
    const isForced = flags.isOn("force");
    const client = await context.client();
    const attemptNumber = given ?? (await lastAttempt(context, { client, runId, stepNumber }));
    const name = `evidence-${runId}-step-${stepNumber}-attempt-${attemptNumber}.tar.gz`;
    const file = output ?? name;
    if (file !== "-") await refuseExisting(file, { isForced });
    const attempt = { runId, stepNumber, attemptNumber };
    if (file === "-") {
      const { bytes } = await client.openEvidence(attempt, context.world);
      for await (const part of bytes) await writeFully(context.world.stdout, part);
      return 0;
    }
    let sha256 = "";
    const transfer = async (): Promise<AsyncIterable<Uint8Array>> => {
      const evidence = await client.openEvidence(attempt, context.world);
      sha256 = evidence.sha256 ?? "";
      return evidence.bytes;
    };
    const sizeBytes = await saveFile(file, transfer, { isForced });
    await context.printItem({ item: { file, sizeBytes, sha256 } }, [
      { header: "file", value: (item) => item.file },
      { header: "bytes", value: (item) => item.sizeBytes, isNumber: true },
      { header: "sha256", value: (item) => item.sha256 },
    ]);
    return 0;
  },
};

function numberOf(flags: Flags, name: string, original: string): number | undefined {
  const value = flags.integer(name, { min: 1 });
  const other = flags.integer(original, { min: 1 });
  if (value === undefined || other === undefined || value === other) return value ?? other;
  throw new CourierError("USAGE", `--${name} and --${original} are the same; give one of them`);
}

/** A step that had none is asked for its first: the service says why there is nothing. */
async function lastAttempt(
  { world }: CommandContext,
  wanted: {
    readonly client: CourierClient;
    readonly runId: string;
    readonly stepNumber: number;
  },
): Promise<number> {
  const { client, runId, stepNumber } = wanted;
  const page = { page: stepNumber, size: 1 };
  const { items } = await client.listSteps(runId, page, world);
  return Math.max(1, items[0]?.numAttempts ?? 1);
}
