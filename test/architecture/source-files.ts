import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the repository, its path relative to the top directory. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The repository's top directory. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const skippedDirectories = new Set(["node_modules", "dist", "coverage", "generated"]);
const sourceExtension = /\.(ts|mjs|js|sql)$/;

/** Reads every source file that a person wrote: not built, not installed, not generated. */
export function readSourceFiles(): readonly SourceFile[] {
  return ["packages", "test", "examples", "schemas"]
    .map((directory) => join(root, directory))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => listFiles(directory))
    .filter((path) => sourceExtension.test(path) && !path.includes(".generated."))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

/** Reads a JSON document of the repository, of which the caller knows the form. */
export function readJson<T>(...segments: string[]): T {
  // The configuration files are ours and are read by their own tools too, which check their form.
  return JSON.parse(readFileSync(join(root, ...segments), "utf8")) as T;
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (!entry.isDirectory()) return [path];
    return skippedDirectories.has(entry.name) ? [] : listFiles(path);
  });
}
