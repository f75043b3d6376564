import type { Readable } from "node:stream";
import { CourierError } from "@courier/core";
import type { TemplateFormat } from "@courier/schema";
import { searchPathOf } from "../interpreters/find-executable.ts";
import { nodeInterpreters } from "../interpreters/node-interpreters.ts";
import { readCustomInterpreters } from "../interpreters/read-custom-interpreters.ts";
import type { Logger } from "../logger.ts";
import { SystemClock } from "../system-clock.ts";
import { planSteps, renderPlan } from "./dry-run.ts";
import { readJob, type LocalJob } from "./read-job.ts";
import { runLocally } from "./run-locally.ts";
import { summaryItem, summaryTable } from "./summary.ts";
import { visible, writeTo, type Terminal } from "./terminal.ts";

/** The flags of `courier-runner run`. */
export interface RunFlags {
  readonly jobFile: string;
  readonly jobFormat?: TemplateFormat;
  readonly dryRun?: boolean;
  readonly format: "table" | "json";
  readonly interpreters?: string;
  readonly outputDir?: string;
}

/** What the command touches of its process. */
export interface RunSurroundings {
  readonly stdin: Readable;
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** After Ctrl-C: 128 + SIGINT. */
const interruptedExitCode = 130;

/** `courier-runner run`: the exit code. 0 success, 1 a step failed or would, 130 interrupted; wrong input is thrown. */
export async function runCommand(flags: RunFlags, surroundings: RunSurroundings): Promise<number> {
  const { stdin, terminal, environment, signal } = surroundings;
  const local = await readJob(flags.jobFile, { format: flags.jobFormat, stdin });
  if (local.job.actions.steps.length === 0) {
    throw new CourierError("USAGE", `${flags.jobFile} has no steps`);
  }
  const interpreters = nodeInterpreters({
    searchPath: searchPathOf(environment["PATH"]),
    restart: { isAllowed: false, refusal: "a local run cannot go on after a restart" },
    custom: flags.interpreters === undefined ? [] : readCustomInterpreters(flags.interpreters),
  });
  await tellWhatIsIgnored(local, terminal);
  if (flags.dryRun === true) {
    const steps = await planSteps(local.job, { interpreters, environment });
    await writeTo(
      terminal.stdout,
      flags.format === "json" ? json({ items: steps }) : renderPlan(steps),
    );
    return steps.every((step) => step.canRun) ? 0 : 1;
  }
  return await execute(local, { flags, surroundings, interpreters, signal });
}

async function execute(
  { job }: LocalJob,
  options: {
    readonly flags: RunFlags;
    readonly surroundings: RunSurroundings;
    readonly interpreters: Parameters<typeof runLocally>[1]["interpreters"];
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { flags, surroundings, interpreters, signal } = options;
  const { terminal, logger, environment } = surroundings;
  const isJson = flags.format === "json";
  // With JSON the standard output is one document; what steps write goes beside it.
  const shown = isJson ? { stdout: terminal.stderr, stderr: terminal.stderr } : terminal;
  const result = await runLocally(job, {
    ...{ clock: new SystemClock(), logger, interpreters, environment, signal },
    terminal: shown,
    outputDir: flags.outputDir,
  });
  const { steps } = job.actions;
  if (isJson) await writeTo(terminal.stdout, json(summaryItem(result, steps)));
  else await writeTo(terminal.stderr, `\n${summaryTable(result, steps)}`);
  if (signal.aborted) return interruptedExitCode;
  return result.status === "success" ? 0 : 1;
}

async function tellWhatIsIgnored(local: LocalJob, { stderr }: Terminal): Promise<void> {
  for (const warning of local.warnings) await writeTo(stderr, `[courier] ${visible(warning)}\n`);
  const fields = local.ignored.join(", ");
  await writeTo(stderr, `[courier] runs here and now; ignored without a service: ${fields}\n`);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
