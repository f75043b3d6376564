import { constants } from "node:fs";
import { open } from "node:fs/promises";
import {
  leftOut,
  type ArtifactCandidate,
  type ArtifactOutcome,
  type ArtifactRecord,
  type OpenArtifact,
} from "./artifact-file.ts";

/**
 * Opens a file for packing. Whoever runs the step may have put a link or a pipe in its place since it was found: no link
 * is followed, nothing is waited for, and kind and owner are asked of what is really open.
 */
export async function openArtifact(
  { path, source }: ArtifactCandidate,
  options: {
    /** Whose files may be read: set when the step ran as somebody else than this process. */
    readonly ownerId: number | undefined;
    readonly bytesLeft: number;
  },
): Promise<OpenArtifact | ArtifactRecord> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let opened;
  try {
    opened = await open(source, flags);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return leftOut(path, outcomeOf(error), detail);
  }
  const stats = await opened.stat();
  const refusal = refusalOf(stats, options);
  if (refusal === undefined) {
    return { file: opened, sizeBytes: stats.size, modifiedAtMs: stats.mtimeMs };
  }
  await opened.close();
  return { ...leftOut(path, refusal.outcome, refusal.detail), sizeBytes: stats.size };
}

function refusalOf(
  stats: { isFile(): boolean; readonly uid: number; readonly size: number },
  options: { readonly ownerId: number | undefined; readonly bytesLeft: number },
): { readonly outcome: ArtifactOutcome; readonly detail: string } | undefined {
  const { ownerId, bytesLeft } = options;
  if (!stats.isFile()) return { outcome: "specialFile", detail: "" };
  if (ownerId !== undefined && stats.uid !== ownerId) {
    return { outcome: "foreignOwner", detail: `owned by user id ${stats.uid}, not ${ownerId}` };
  }
  if (stats.size > bytesLeft) {
    return { outcome: "tooLarge", detail: `${stats.size} bytes, ${bytesLeft} are left` };
  }
  return undefined;
}

function outcomeOf(error: unknown): ArtifactOutcome {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ELOOP") return "symbolicLink";
  if (code === "ENOENT") return "missing";
  return code === "ENXIO" ? "specialFile" : "unreadable";
}
