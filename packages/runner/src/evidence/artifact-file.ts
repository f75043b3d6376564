import type { FileHandle } from "node:fs/promises";

/** What became of a file that a step left as an artifact. All but the first two are left out of the archive. */
export type ArtifactOutcome =
  | "kept"
  /** Kept, but it was being written: what is in the archive may never have been its content. */
  | "keptChanged"
  | "tooLarge"
  | "tooMany"
  | "tooDeep"
  | "symbolicLink"
  | "specialFile"
  | "unreadable"
  /** It belongs to another user than the one that the step ran as. */
  | "foreignOwner"
  | "unusableName"
  /** A sensitive output is taken from it. */
  | "sensitive"
  /** Nothing has the name that the step gave. */
  | "missing";

/** One line of the manifest. */
export interface ArtifactRecord {
  /** In the archive. */
  readonly path: string;
  readonly outcome: ArtifactOutcome;
  readonly sizeBytes: number;
  /** Of the content that is in the archive, hex; empty when it is left out. */
  readonly sha256: string;
  /** More about the outcome, for people. */
  readonly detail: string;
}

/** A file that may be packed; its kind and owner are known only once it is open. */
export interface ArtifactCandidate {
  /** In the archive. */
  readonly path: string;
  /** On this machine. */
  readonly source: string;
}

/** Something found that is left out at once. */
export function leftOut(path: string, outcome: ArtifactOutcome, detail = ""): ArtifactRecord {
  return { path, outcome, sizeBytes: 0, sha256: "", detail };
}

/** An artifact that was opened and may be read. */
export interface OpenArtifact {
  readonly file: FileHandle;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** What of an artifact is put into the archive. */
export interface ArtifactContent extends OpenArtifact {
  /** Set for a masked copy: whether the file was written to while it was copied. */
  readonly isCopyOfChanged?: boolean;
}

/** What the walk found. */
export interface FoundArtifacts {
  readonly candidates: readonly ArtifactCandidate[];
  readonly leftOut: readonly ArtifactRecord[];
}
