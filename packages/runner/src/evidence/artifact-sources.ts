import { lstat, readdir } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { artifactDepthMax, artifactEntriesMax } from "../limits.ts";

/** Where an attempt's files are. */
export interface ArtifactPlaces {
  /** `COURIER_ARTIFACTS` of the attempt. */
  readonly artifactsDirectory: string;
  /** The step's directory. */
  readonly directory: string;
}

/**
 * The files that the `source` of an output rule with source type `artifact` names, in the order of their names: a path or
 * a pattern (`*`, `?` within a name, `**` for any directories), absolute, else below the attempt's artifacts, else below
 * the step's directory. Links are not followed.
 */
export async function findArtifactFiles(
  source: string,
  places: ArtifactPlaces,
): Promise<readonly string[]> {
  if (source.trim() === "" || source.includes("\0")) return [];
  if (isAbsolute(source)) return await matchesOf("/", source);
  const kept = await matchesOf(places.artifactsDirectory, source);
  return kept.length > 0 ? kept : await matchesOf(places.directory, source);
}

/** The path of a file in the archive: below `artifacts/` what was left there, else below `files/` where it was. */
export function archivePathOf(file: string, { artifactsDirectory }: ArtifactPlaces): string {
  const inside = relative(artifactsDirectory, file);
  const isInside = inside !== "" && !inside.startsWith("..") && !isAbsolute(inside);
  return isInside ? `artifacts/${inside}` : `files${resolve(file)}`;
}

async function matchesOf(base: string, pattern: string): Promise<readonly string[]> {
  // Resolved before it is matched: no part of it is `..` from here on.
  const parts = relative("/", resolve(base, pattern)).split("/");
  const found = new Set<string>();
  const budget = { left: artifactEntriesMax };
  await match("/", parts, { found, budget, depth: 0 });
  return [...found].toSorted();
}

interface Search {
  readonly found: Set<string>;
  readonly budget: { left: number };
  readonly depth: number;
}

async function match(directory: string, parts: readonly string[], search: Search): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined || search.budget.left <= 0) return;
  if (part === "**") return await matchAnyDepth(directory, rest, search);
  if (!/[*?]/.test(part)) return await step(join(directory, part), rest, search);
  for (const name of await namesIn(directory, search)) {
    if (isMatch(name, part)) await step(join(directory, name), rest, search);
  }
}

async function matchAnyDepth(
  directory: string,
  rest: readonly string[],
  search: Search,
): Promise<void> {
  await match(directory, rest.length === 0 ? ["*"] : rest, search);
  if (search.depth >= artifactDepthMax) return;
  for (const name of await namesIn(directory, search)) {
    const path = join(directory, name);
    if ((await kindOf(path)) !== "directory") continue;
    await matchAnyDepth(path, rest, { ...search, depth: search.depth + 1 });
  }
}

async function step(path: string, rest: readonly string[], search: Search): Promise<void> {
  if (rest.length > 0) return await match(path, rest, search);
  if ((await kindOf(path)) === "other") search.found.add(path);
}

async function namesIn(directory: string, { budget }: Search): Promise<readonly string[]> {
  try {
    const names = (await readdir(directory)).slice(0, Math.max(0, budget.left));
    budget.left -= names.length;
    return names.toSorted();
  } catch {
    // Not there, not a directory, or not for us: nothing in it has the name.
    return [];
  }
}

async function kindOf(path: string): Promise<"directory" | "other" | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? "directory" : "other";
  } catch {
    // Not there.
    return undefined;
  }
}

/** `*` is any characters of a name, `?` one. Two pointers, no regular expression: no pattern makes it slow. */
export function isMatch(name: string, pattern: string): boolean {
  let [at, inPattern] = [0, 0];
  let [retryAt, star] = [0, -1];
  while (at < name.length) {
    const wanted = pattern[inPattern];
    if (wanted === "*") {
      star = inPattern;
      retryAt = at;
      inPattern += 1;
    } else if (wanted === "?" || wanted === name[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      inPattern = star + 1;
      retryAt += 1;
      at = retryAt;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(inPattern));
}
