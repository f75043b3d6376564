import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { packageNames } from "./floors.ts";
import { root } from "./source-files.ts";

/** A copy of the repository's configuration around packages that hold only what a test gives them. */
export interface FixtureWorkspace {
  /** Lints everything; returns `path: rule` for each finding. */
  readonly lint: () => readonly string[];
  /** Builds every package; returns `path: TS…` for each error. */
  readonly compile: () => readonly string[];
  /** Looks for dead code and unlisted dependencies; returns what knip prints. */
  readonly findDeadCode: () => string;
  readonly remove: () => void;
}

const configurationFiles: readonly string[] = [
  ".oxlintrc.json",
  "knip.json",
  "package.json",
  "tsconfig.json",
  "packages/not-below.d.ts",
];

/** Creates a workspace in the system's temporary directory; `files` are keyed by their path. */
export function createFixtureWorkspace(files: Readonly<Record<string, string>>): FixtureWorkspace {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "courier-architecture-")));
  for (const path of configurationFiles) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    cpSync(join(root, path), join(directory, path));
  }
  copyPackages(directory);
  linkInstalledPackages(directory);
  for (const [path, text] of Object.entries(files)) writeFile(join(directory, path), text);
  return {
    lint: () => lint(directory),
    compile: () => compile(["-b"], directory),
    findDeadCode: () => runTool("knip", ["--no-config-hints", "--no-progress"], directory),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Compiles with the given arguments; returns `path: TS…` for each error. */
export function compile(args: readonly string[], directory: string): readonly string[] {
  const output = runTool("tsc", [...args, "--pretty", "false"], directory);
  return [...output.matchAll(/^(.+?)\(\d+,\d+\): error (TS\d+)/gm)].map(
    ([, path, code]) => `${path}: ${code}`,
  );
}

function copyPackages(directory: string): void {
  for (const name of packageNames) {
    for (const file of ["package.json", "tsconfig.json"]) {
      const target = join(directory, "packages", name, file);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(root, "packages", name, file), target);
    }
    const entry = `export const packageName: string = "${name}";\n`;
    writeFile(join(directory, "packages", name, "src", "index.ts"), entry);
  }
}

function linkInstalledPackages(directory: string): void {
  const installed = join(root, "node_modules");
  for (const name of readdirSync(installed).filter((entry) => entry !== "@courier")) {
    mkdirSync(join(directory, "node_modules"), { recursive: true });
    symlinkSync(join(installed, name), join(directory, "node_modules", name));
  }
  mkdirSync(join(directory, "node_modules", "@courier"));
  for (const name of packageNames) {
    const target = join(directory, "packages", name);
    symlinkSync(target, join(directory, "node_modules", "@courier", name));
  }
}

function lint(directory: string): readonly string[] {
  const output = runTool("oxlint", ["--type-aware", "--format=json", "packages"], directory);
  // The form is oxlint's own; a change of it makes every expectation of the test fail.
  const report = JSON.parse(output) as { diagnostics: { filename: string; code: string }[] };
  return report.diagnostics.map(({ filename, code }) => `${filename}: ${code}`);
}

function runTool(tool: string, args: readonly string[], directory: string): string {
  const program = join(root, "node_modules", ".bin", tool);
  const { stdout, error } = spawnSync(program, args, {
    cwd: directory,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 100_000,
  });
  if (error !== undefined) throw error;
  return stdout;
}

function writeFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
