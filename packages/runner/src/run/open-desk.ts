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
import { ownAccount } from "../step/account.ts";
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
  const book = new RunBook();
  const opened = await JournalFile.open(join(dataDir, "journal.jsonl"), () => book.liveRecords());
  for (const record of opened.records) book.apply(record);
  const { journal } = opened;
  const desk = new RunDesk({
    context: {
      ...context,
      runsDirectory,
      wrapperPath,
      self: ownAccount(environment["HOME"]),
      agentEnvironment: environment,
      evidence,
      cpuQuotas: new CpuQuotas(cgroupDirectory),
    },
    journal,
    book,
    maxConcurrentRuns,
    random,
  });
  return { desk, journalId: journal.journalId };
}
