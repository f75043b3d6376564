import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@courier/core";
import { EvidenceSpool } from "../evidence/evidence-spool.ts";
import { CpuQuotas } from "../host/cpu-quotas.ts";
import { writeDurably } from "../host/durable-file.ts";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import { JournalFile } from "../journal/journal-file.ts";
import type { Logger } from "../logger.ts";
import type { NodePolicy } from "../policy/node-policy.ts";
import { findExecutable, searchPathOf } from "../interpreters/find-executable.ts";
import { ownAccount } from "../step/account.ts";
import { EndedDirectories } from "../step/ended-directories.ts";
import { Launcher, type ReadyWrappers } from "../step/launcher.ts";
import { readyWrapperScript } from "../step/ready-wrapper-script.ts";
import { SpareDirectories } from "../step/spare-directories.ts";
import { accountEnvironment } from "../step/step-environment.ts";
import { wrapperScript } from "../step/wrapper-script.ts";
import { RunBook } from "./run-book.ts";
import { RunDesk } from "./run-desk.ts";

/** What executing runs in a data directory takes. */
export interface DeskOptions {
  readonly dataDir: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly interpreters: InstalledInterpreters;
  readonly policy?: NodePolicy | undefined;
  /** What this program was started with; steps see a few of these. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly maxConcurrentRuns: number;
  readonly killGraceMs: number;
  readonly outputQuotaBytes: number;
  readonly spoolBytesMax: number;
  /** The cgroup in which steps get theirs; this process's own when it is left out. */
  readonly cgroupDirectory?: string | undefined;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Prepares a data directory that this process owns and reads its journal. The desk is not started yet. */
export async function openDesk(
  options: DeskOptions,
): Promise<{ readonly desk: RunDesk; readonly journalId: string }> {
  const { dataDir, environment, maxConcurrentRuns, random, cgroupDirectory, ...context } = options;
  const { clock, logger } = options;
  const evidence = new EvidenceSpool({ directory: join(dataDir, "evidence"), clock, logger });
  const runsDirectory = join(dataDir, "runs");
  mkdirSync(runsDirectory, { recursive: true, mode: 0o711 });
  const wrapperPath = join(dataDir, "courier-step.sh");
  await writeDurably(wrapperPath, wrapperScript, { mode: 0o644 });
  const ready = await readyWrappers(options);
  const book = new RunBook();
  const opened = await JournalFile.open(join(dataDir, "journal.jsonl"), () => book.liveRecords());
  for (const record of opened.records) book.apply(record);
  const { journal } = opened;
  const launcher = new Launcher({ ready, keptMax: maxConcurrentRuns });
  const endedDirectories = new EndedDirectories({ clock, logger });
  const spareDirectories = new SpareDirectories({
    ...{ directory: join(dataDir, "spare"), count: maxConcurrentRuns, clock, logger },
  });
  const desk = new RunDesk({
    context: {
      ...context,
      runsDirectory,
      wrapperPath,
      launcher,
      self: ownAccount(environment["HOME"]),
      // A copy: every look at process.env asks the operating system.
      agentEnvironment: { ...environment },
      evidence,
      cpuQuotas: new CpuQuotas(cgroupDirectory),
      endedDirectories,
      spareDirectories,
      services: [spareDirectories, launcher, endedDirectories],
    },
    journal,
    book,
    maxConcurrentRuns,
    random,
  });
  return { desk, journalId: journal.journalId };
}

/** They read /proc and need bash; elsewhere each attempt has a wrapper of its own. */
async function readyWrappers(options: DeskOptions): Promise<ReadyWrappers | undefined> {
  const { dataDir, bootId, environment: agentEnvironment } = options;
  const bashPath = findExecutable(["bash"], searchPathOf(agentEnvironment["PATH"]));
  if (process.platform !== "linux" || bashPath === undefined) return undefined;
  const scriptPath = join(dataDir, "courier-ready.sh");
  await writeDurably(scriptPath, readyWrapperScript, { mode: 0o644 });
  const account = ownAccount(agentEnvironment["HOME"]);
  const environment = accountEnvironment({ agentEnvironment, account });
  return { bashPath, scriptPath, bootId, environment };
}
