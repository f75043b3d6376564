import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "@courier/core";
import { artifactDepthMax, artifactEntriesMax } from "../limits.ts";
import {
  leftOut,
  type ArtifactCandidate,
  type ArtifactOutcome,
  type ArtifactRecord,
  type FoundArtifacts,
} from "./artifact-file.ts";

/** Every file below a directory, in the order of names. Links are not followed, neither to files nor to directories. */
export async function walkArtifacts(root: string, prefix: string): Promise<FoundArtifacts> {
  const candidates: ArtifactCandidate[] = [];
  const skipped: ArtifactRecord[] = [];
  const waiting = [{ source: root, path: prefix, depth: 1 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await listDirectory(next.source);
    if (typeof entries === "string") {
      skipped.push(leftOut(next.path, "unreadable", entries));
      continue;
    }
    for (const entry of entries) {
      const name = readName(entry);
      const path = `${next.path}/${name.text}`;
      if (candidates.length + skipped.length + waiting.length >= artifactEntriesMax) {
        const detail = `more than ${artifactEntriesMax} files and directories`;
        return { candidates, leftOut: [...skipped, leftOut(path, "tooMany", detail)] };
      }
      const source = join(next.source, name.text);
      const verdict = judge(entry, { isUsable: name.isUsable, depth: next.depth });
      if (verdict === "file") candidates.push({ path, source });
      else if (verdict === "directory") waiting.push({ source, path, depth: next.depth + 1 });
      else skipped.push(leftOut(path, verdict));
    }
  }
  return {
    candidates: candidates.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    leftOut: skipped,
  };
}

function judge(
  entry: Dirent<Buffer>,
  { isUsable, depth }: { readonly isUsable: boolean; readonly depth: number },
): "file" | "directory" | ArtifactOutcome {
  if (!isUsable) return "unusableName";
  if (entry.isSymbolicLink()) return "symbolicLink";
  if (entry.isFile()) return "file";
  if (!entry.isDirectory()) return "specialFile";
  return depth < artifactDepthMax ? "directory" : "tooDeep";
}

/** Names are bytes; one that is not UTF-8 cannot be told to anybody. */
function readName({ name }: Dirent<Buffer>): {
  readonly text: string;
  readonly isUsable: boolean;
} {
  const text = name.toString("utf8");
  return { text, isUsable: Buffer.from(text, "utf8").equals(name) };
}

async function listDirectory(path: string): Promise<readonly Dirent<Buffer>[] | string> {
  try {
    return await readdir(path, { encoding: "buffer", withFileTypes: true });
  } catch (error) {
    // Removed since its name was read, by the step itself or by what it left running.
    if (hasCode(error, "ENOENT")) return [];
    return error instanceof Error ? error.message : String(error);
  }
}
