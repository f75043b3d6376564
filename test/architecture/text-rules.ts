import type { SourceFile } from "./source-files.ts";

/** A rule of style that no linter has: found in the text, proven by a line that breaks it. */
export interface TextRule {
  readonly name: string;
  readonly appliesTo: (path: string) => boolean;
  /** Global and multi-line; each match is one finding. */
  readonly pattern: RegExp;
  /** Text that the rule must report. */
  readonly broken: string;
  /** Text that the rule must let pass. */
  readonly sound: string;
}

const isTypeScript = (path: string): boolean => path.endsWith(".ts");
const isShipped = (path: string): boolean =>
  /^packages\/[^/]+\/src\//.test(path) && isTypeScript(path) && !path.endsWith(".test.ts");
const isProgram = (path: string): boolean => /\.(ts|mjs|js)$/.test(path) && !isThisRuleSet(path);
// The rules and their test quote what they forbid.
const isThisRuleSet = (path: string): boolean => path.startsWith("test/architecture");

/** The rules, in the order of the style guide. */
export const textRules: readonly TextRule[] = [
  {
    name: "no star re-exports",
    appliesTo: isShipped,
    pattern: /^export \*.*$/gm,
    broken: 'export * from "./run-state.ts";',
    sound: 'export { runStates } from "./run-state.ts";',
  },
  {
    name: "no mutable state in a module",
    appliesTo: isShipped,
    pattern: /^(?:export )?(?:let|var) .*$/gm,
    broken: "let sessionCount = 0;",
    sound: "function count(): number {\n  let sum = 0;\n  return sum;\n}",
  },
  {
    name: "a TSDoc sentence on every exported declaration",
    appliesTo: (path) => isShipped(path) && !path.endsWith("/index.ts"),
    pattern:
      /(?<!\*\/\n)(?<!^export const .*;\n)^export (?:declare )?(?:abstract )?(?:async )?(?:const|function|class|interface|type) \w+.*$/gm,
    broken: "export const batchSizeMax = 100;",
    // One sentence may serve constants that stand directly below each other.
    sound: "/** Seconds. */\nexport const delayMin = 1;\nexport const delayMax = 100;",
  },
  {
    name: "no shell command from a string",
    appliesTo: isProgram,
    pattern:
      /\bshell: true\b|import [^;]*\bexec(?:Sync)?\b[^;]*from "(?:node:)?child_process"|\bchild_process"\)\.exec\b/g,
    broken: 'import { exec } from "node:child_process";',
    sound: 'import { execFile, spawn } from "node:child_process";',
  },
  {
    name: "a disabled rule says why",
    appliesTo: isProgram,
    pattern: /(?:oxlint|eslint)-disable(?!.* -- \S).*$|@ts-expect-error\s*$/gm,
    broken: "// oxlint-disable-next-line no-console",
    sound: "// oxlint-disable-next-line no-console -- the ready line is this program's interface",
  },
];

/** Returns one line for each place where the file breaks the rule. */
export function findBreaches(rule: TextRule, file: SourceFile): readonly string[] {
  if (!rule.appliesTo(file.path)) return [];
  return [...file.text.matchAll(rule.pattern)].map((match) => {
    const line = file.text.slice(0, match.index).split("\n").length;
    return `${file.path}:${line}: ${match[0].split("\n")[0]}`;
  });
}
