import type { AttemptArtifacts } from "@courier/protocol";
import { filesNamedMax, reasonLengthMax } from "../limits.ts";
import type { ArtifactRecord } from "./artifact-file.ts";
import type { PackedArtifacts } from "./pack-artifacts.ts";

/** What the service is told about an attempt's artifacts; the manifest in the archive has every file. */
export function summaryOf(attempt: number, packed: PackedArtifacts): AttemptArtifacts {
  const { records, sizeBytes, sha256 } = packed;
  const keptCount = records.filter(isKept).length;
  return {
    attempt,
    fileCount: keptCount,
    leftOutCount: records.length - keptCount,
    sizeBytes,
    sha256,
    reason: reasonOf(records).slice(0, reasonLengthMax),
  };
}

function isKept({ outcome }: ArtifactRecord): boolean {
  return outcome === "kept" || outcome === "keptChanged";
}

function reasonOf(records: readonly ArtifactRecord[]): string {
  const changed = records.filter(({ outcome }) => outcome === "keptChanged");
  const sentences = [
    sentenceOf(
      "left out",
      records.filter((record) => !isKept(record)),
    ),
    sentenceOf("changed while it was read", changed),
  ];
  return sentences.filter((sentence) => sentence !== "").join("; ");
}

function sentenceOf(what: string, records: readonly ArtifactRecord[]): string {
  if (records.length === 0) return "";
  const named = records.slice(0, filesNamedMax).map(({ path, outcome, detail }) => {
    const why = detail === "" ? outcome : `${outcome}: ${detail}`;
    return `${path.slice(0, 200)} (${why.slice(0, 200)})`;
  });
  const rest = records.length - named.length;
  return `${what}: ${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
