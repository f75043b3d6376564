import { readdirSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { hasCode, type Clock } from "@courier/core";
import { artifactFilesMax, type AttemptArtifacts } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import { syncDirectory } from "../host/durable-file.ts";
import type { AttemptRecord } from "../journal/journal-record.ts";
import { evidenceSpoolBytesMax, packTimeoutMs } from "../limits.ts";
import type { Logger } from "../logger.ts";
import { artifactsPath } from "../step/run-directory.ts";
import { archivePathOf, findArtifactFiles } from "./artifact-sources.ts";
import type { SecretMask } from "../redact/redactor.ts";
import { leftOut, type ArtifactCandidate, type FoundArtifacts } from "./artifact-file.ts";
import { summaryOf } from "./artifact-summary.ts";
import { packArtifacts } from "./pack-artifacts.ts";
import { walkArtifacts } from "./walk-artifacts.ts";

/** Names the archive of one attempt. */
export interface ArchiveKey {
  readonly runId: string;
  readonly token: number;
  readonly stepNumber: number;
  readonly attempt: number;
}

/** An archive that waits in the spool. */
export interface SpooledArchive {
  readonly key: ArchiveKey;
  readonly path: string;
  readonly sizeBytes: number;
  /** Unix ms. */
  readonly keptAt: number;
}

/** What must not leave the node with an attempt's artifacts. */
export interface ArtifactPrivacy {
  readonly secrets: SecretMask;
  /** Why nothing may leave at all: secrets that cannot be masked. */
  readonly withheld: string | undefined;
}

/** Archives of artifacts on this node's disk: packed when an attempt has ended, kept until the service has them. */
export class EvidenceSpool {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(options: {
    readonly directory: string;
    readonly clock: Clock;
    readonly logger: Logger;
  }) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Packs what an attempt left; undefined when that is nothing. Failing is an outcome: it is in the answer, and the step's status stays. */
  async keep(
    attempt: AttemptRecord,
    options: {
      readonly runDirectory: string;
      readonly step: CanonicalStep;
      readonly privacy: ArtifactPrivacy;
    },
  ): Promise<AttemptArtifacts | undefined> {
    const sources = sourcesOf(options.step, { isSensitive: false });
    const artifactsDirectory = artifactsPath(options.runDirectory);
    if (sources.length === 0 && isEmpty(artifactsDirectory)) return undefined;
    const places = { artifactsDirectory, directory: attempt.directory ?? artifactsDirectory };
    const timeout = new AbortController();
    const timer = this.#clock.setTimer(packTimeoutMs, () => timeout.abort());
    const late = new Promise<never>((_, reject) => {
      const reason = new Error(`packing took longer than ${packTimeoutMs / 1000} s`);
      timeout.signal.addEventListener("abort", () => reject(reason), { once: true });
    });
    try {
      const { secrets, withheld } = options.privacy;
      if (withheld !== undefined) throw new Error(`withheld: ${withheld}`);
      const sensitive = sourcesOf(options.step, { isSensitive: true });
      const packing = this.#pack(attempt, {
        ...{ places, sources, sensitive, secrets },
        signal: timeout.signal,
      });
      return await Promise.race([packing, late]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error({ ...keyOf(attempt), error }, "artifacts cannot be packed");
      const text = `the artifacts could not be packed: ${reason}`;
      return { attempt: attempt.attempt, ...nothingKept, reason: text };
    } finally {
      timer.cancel();
    }
  }

  /** Where an archive is, and how large; undefined when it is not (any more) there. */
  async find(key: ArchiveKey): Promise<SpooledArchive | undefined> {
    const path = this.#pathOf(key);
    try {
      const { size, mtimeMs } = await stat(path);
      return { key, path, sizeBytes: size, keptAt: mtimeMs };
    } catch (error) {
      if (hasCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  /** Everything that waits, after what a crash left half written has been removed. */
  async recover(): Promise<readonly ArchiveKey[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#directory);
    for (const name of names) {
      if (/\.new(?:\.masked)?$/.test(name)) await rm(join(this.#directory, name), { force: true });
    }
    return names.flatMap((name) => parseName(name) ?? []);
  }

  async remove(key: ArchiveKey): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  async #pack(
    attempt: AttemptRecord,
    options: {
      readonly places: { readonly artifactsDirectory: string; readonly directory: string };
      readonly sources: readonly string[];
      readonly sensitive: readonly string[];
      readonly secrets: SecretMask;
      readonly signal: AbortSignal;
    },
  ): Promise<AttemptArtifacts> {
    const all = await findAll(options.sources, options.places);
    const found = await withoutSensitive(all, options);
    const spooledBytes = await this.#bytes();
    if (spooledBytes >= evidenceSpoolBytesMax) {
      throw new Error(`${spooledBytes} bytes of earlier artifacts wait for the service already`);
    }
    const target = this.#pathOf(keyOf(attempt));
    const { userId: ownerId } = attempt;
    const temporary = `${target}.new`;
    try {
      const packed = await packArtifacts(found, {
        ...{ target: temporary, ownerId, secrets: options.secrets },
        signal: options.signal,
      });
      await rename(temporary, target);
      await syncDirectory(this.#directory);
      return summaryOf(attempt.attempt, packed);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #bytes(): Promise<number> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#directory);
    const sizes = await Promise.all(
      names.map(async (name) => await sizeOf(join(this.#directory, name))),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  #pathOf({ runId, token, stepNumber, attempt }: ArchiveKey): string {
    return join(this.#directory, `${runId}.${token}.${stepNumber}.${attempt}.tar.gz`);
  }
}

const nothingKept = { fileCount: 0, leftOutCount: 0, sizeBytes: 0, sha256: "" };

function keyOf({ runId, token, stepNumber, attempt }: AttemptRecord): ArchiveKey {
  return { runId, token, stepNumber, attempt };
}

/** What the step's output rules name beside the directory. */
function sourcesOf(
  step: CanonicalStep,
  { isSensitive }: { readonly isSensitive: boolean },
): readonly string[] {
  return Object.values(step.outputFieldRules)
    .filter((rule) => rule.sourceType === "artifact" && rule.sensitive === isSensitive)
    .map((rule) => rule.source);
}

/** A file from which a sensitive output is taken stays on the node, wherever it is. */
async function withoutSensitive(
  found: FoundArtifacts,
  options: {
    readonly sensitive: readonly string[];
    readonly places: { readonly artifactsDirectory: string; readonly directory: string };
  },
): Promise<FoundArtifacts> {
  const files = new Set<string>();
  for (const source of options.sensitive) {
    for (const file of await findArtifactFiles(source, options.places)) files.add(file);
  }
  const isSensitive = ({ source }: ArtifactCandidate): boolean => files.has(resolve(source));
  return {
    candidates: found.candidates.filter((candidate) => !isSensitive(candidate)),
    leftOut: [
      ...found.leftOut,
      ...found.candidates.filter(isSensitive).map(({ path }) => leftOut(path, "sensitive")),
    ],
  };
}

async function findAll(
  sources: readonly string[],
  places: { readonly artifactsDirectory: string; readonly directory: string },
): Promise<FoundArtifacts> {
  const walked = await walkArtifacts(places.artifactsDirectory, "artifacts");
  const candidates = new Map(walked.candidates.map((entry) => [entry.path, entry]));
  const known = new Set(walked.leftOut.map((record) => record.path));
  const missing = [];
  for (const source of sources) {
    const files = await findArtifactFiles(source, places);
    if (files.length === 0) missing.push(leftOut(source, "missing", "no file has this name"));
    for (const file of files) {
      const path = archivePathOf(file, places);
      // Once more than may be kept are found, finding more changes nothing.
      if (known.has(path) || candidates.size > 2 * artifactFilesMax) continue;
      candidates.set(path, { path, source: file });
    }
  }
  return { candidates: [...candidates.values()], leftOut: [...walked.leftOut, ...missing] };
}

function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    // The step removed it. What cannot be read is found out, and told, by the walk.
    return hasCode(error, "ENOENT");
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    // Handed in and removed meanwhile.
    return 0;
  }
}

function parseName(name: string): ArchiveKey | undefined {
  const match = /^([0-9a-zA-Z-]+)\.(\d+)\.(\d+)\.(\d+)\.tar\.gz$/.exec(name);
  if (match === null) return undefined;
  const [, runId = "", token, stepNumber, attempt] = match;
  return {
    runId,
    token: Number(token),
    stepNumber: Number(stepNumber),
    attempt: Number(attempt),
  };
}
