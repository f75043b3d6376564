import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "@courier/core";
import type { RunResult } from "@courier/protocol";
import type { CanonicalJob } from "@courier/schema";
import { EvidenceSpool } from "../evidence/evidence-spool.ts";
import { readBootId } from "../host/boot-id.ts";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import { killGraceMsDefault, spoolBytesMaxDefault } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { openDesk } from "../run/open-desk.ts";
import { LocalService } from "./local-service.ts";
import { writeTo, type Terminal } from "./terminal.ts";

/** What a local run takes. */
export interface LocalRunOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly interpreters: InstalledInterpreters;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Where archives of artifacts are put; without it they go with the rest. */
  readonly outputDir?: string | undefined;
  /** Ends the running step's process tree when it aborts; the run then ends canceled. */
  readonly signal: AbortSignal;
}

/**
 * Executes a job's steps on this machine with the code that a node executes them with. Its data directory is
 * a temporary one that is gone when this resolves.
 */
export async function runLocally(job: CanonicalJob, options: LocalRunOptions): Promise<RunResult> {
  const dataDir = await mkdtemp(join(tmpdir(), "courier-run-"));
  // Steps of other users must be able to reach their run directory.
  await chmod(dataDir, 0o711);
  try {
    const result = await runIn(dataDir, job, options);
    if (options.outputDir !== undefined) await saveArtifacts(dataDir, options.outputDir, options);
    return result;
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function runIn(
  dataDir: string,
  job: CanonicalJob,
  options: LocalRunOptions,
): Promise<RunResult> {
  const { clock, logger, interpreters, environment, terminal, signal } = options;
  const { desk } = await openDesk({
    ...{ dataDir, clock, logger, interpreters, environment },
    bootId: await readBootId(),
    maxConcurrentRuns: 1,
    killGraceMs: killGraceMsDefault,
    // Everything is shown, nothing is kept.
    outputQuotaBytes: Number.MAX_SAFE_INTEGER,
    spoolBytesMax: spoolBytesMaxDefault,
    random: Math.random,
  });
  const { steps } = job.actions;
  const [runId, instanceId, jobId] = [randomUUID(), randomUUID(), randomUUID()];
  const token = 1;
  await desk.start();
  const ended = new Promise<RunResult>((resolve) => {
    const acknowledge = desk.acknowledge.bind(desk);
    const events = { acknowledge, ended: resolve };
    desk.connected(new LocalService(steps, { terminal, events }));
  });
  const stop = (): void => desk.stopRuns([{ runId, token, outcome: "canceled" }]);
  signal.addEventListener("abort", stop, { once: true });
  desk.assign([{ runId, token, instanceId, jobId, jobName: job.name, steps }]);
  if (signal.aborted) stop();
  const result = await ended;
  signal.removeEventListener("abort", stop);
  await desk.stop();
  return result;
}

/** Puts the archives of the attempts' artifacts into a directory; a file that is there already is never replaced. */
async function saveArtifacts(
  dataDir: string,
  outputDir: string,
  { clock, logger, terminal }: LocalRunOptions,
): Promise<void> {
  const spool = new EvidenceSpool({ directory: join(dataDir, "evidence"), clock, logger });
  for (const key of await spool.recover()) {
    const archive = await spool.find(key);
    if (archive === undefined) continue;
    const target = join(
      outputDir,
      `artifacts-step-${key.stepNumber}-attempt-${key.attempt}.tar.gz`,
    );
    try {
      await mkdir(outputDir, { recursive: true });
      await copyFile(archive.path, target, constants.COPYFILE_EXCL);
      await writeTo(terminal.stderr, `[courier] artifacts saved: ${target}\n`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await writeTo(terminal.stderr, `[courier] artifacts not saved: ${reason}\n`);
    }
  }
}
