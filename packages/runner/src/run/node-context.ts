import type { Clock, Service } from "@courier/core";
import type { RunReport } from "@courier/protocol";
import type { EvidenceSpool } from "../evidence/evidence-spool.ts";
import type { InstalledInterpreters } from "../interpreters/installed-interpreters.ts";
import type { AttemptRecord, JournalRecord } from "../journal/journal-record.ts";
import type { CpuQuotas } from "../host/cpu-quotas.ts";
import type { Logger } from "../logger.ts";
import type { NodePolicy } from "../policy/node-policy.ts";
import type { Account } from "../step/account.ts";
import type { EndedDirectories } from "../step/ended-directories.ts";
import type { Launcher } from "../step/launcher.ts";
import type { SpareDirectories } from "../step/spare-directories.ts";
import type { OutputSpool } from "../step/output-spool.ts";
import type { RunState } from "./run-state.ts";

/** What an execution needs to know of the node it runs on. */
export interface NodeContext {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly runsDirectory: string;
  readonly wrapperPath: string;
  readonly launcher: Launcher;
  readonly bootId: string;
  readonly interpreters: InstalledInterpreters;
  readonly self: Account;
  readonly policy?: NodePolicy | undefined;
  readonly agentEnvironment: Readonly<Record<string, string | undefined>>;
  readonly killGraceMs: number;
  readonly outputQuotaBytes: number;
  readonly spoolBytesMax: number;
  readonly cpuQuotas: CpuQuotas;
  readonly evidence: EvidenceSpool;
  readonly endedDirectories: EndedDirectories;
  readonly spareDirectories: SpareDirectories;
  /** Those of the above that are started and stopped with the desk. */
  readonly services: readonly Service[];
}

/** What an execution does to the outside: its record, and its words to the service. */
export interface RunPort {
  state(): RunState;
  /** Adds records to the journal; resolves when they are on disk, however long that takes. Rejects when the run was dropped. */
  record(records: readonly JournalRecord[]): Promise<void>;
  /** Sends if connected; what must not be lost is in the journal and is sent again after a reconnect. */
  send(report: RunReport): void;
  /** The spool of one stream of a launch, known to the sender from now on. */
  watchOutput(spool: OutputSpool): void;
  /** The spool has grown or reached its end. */
  outputChanged(): void;
  /** An attempt's artifacts are in the spool, and the journal knows of them. */
  artifactsKept(attempt: AttemptRecord): void;
}
