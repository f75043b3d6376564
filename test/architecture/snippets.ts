/** A few lines that break one rule, in a package where the rule holds. */
export interface Snippet {
  readonly path: string;
  readonly text: string;
  /** What must be reported for the file: a rule of the linter or an error code of the compiler. */
  readonly expected: string;
}

/** What the linter must report. */
export const lintSnippets: readonly Snippet[] = [
  {
    path: "packages/core/src/reads-date.ts",
    text: "export const now = (): number => Date.now();\n",
    expected: "eslint(no-restricted-globals)",
  },
  {
    path: "packages/core/src/makes-date.ts",
    text: "export const now = (): number => new Date().getTime();\n",
    expected: "eslint(no-restricted-globals)",
  },
  {
    path: "packages/core/src/random.ts",
    text: "export const dice = (): number => Math.random();\n",
    expected: "eslint(no-restricted-properties)",
  },
  {
    path: "packages/core/src/reads-process.ts",
    text: "export const home = (): unknown => process.env;\n",
    expected: "eslint(no-restricted-globals)",
  },
  {
    path: "packages/core/src/waits.ts",
    text: "export const later = (f: () => void): unknown => setTimeout(f, 1);\n",
    expected: "eslint(no-restricted-globals)",
  },
  {
    path: "packages/core/src/is-async.ts",
    text: "export async function f(g: Promise<void>): Promise<void> {\n  await g;\n}\n",
    expected: "oxc(no-async-await)",
  },
  {
    path: "packages/core/src/imports-node.ts",
    text: 'export { readFileSync } from "node:fs";\n',
    expected: "eslint(no-restricted-imports)",
  },
  {
    path: "packages/store/src/deep-import.ts",
    text: 'export { packageName } from "@courier/core/src/index.ts";\n',
    expected: "eslint(no-restricted-imports)",
  },
  {
    path: "packages/cli/src/lazy-upward.ts",
    text: 'export const load = (): Promise<unknown> => import("@courier/store");\n',
    expected: "eslint(no-restricted-imports)",
  },
  {
    path: "packages/runner/src/type-upward.ts",
    text: 'import type { packageName } from "@courier/store";\n\nexport type Name = typeof packageName;\n',
    expected: "eslint(no-restricted-imports)",
  },
  {
    path: "packages/bus/src/default-export.ts",
    text: "export default 1;\n",
    expected: "import(no-default-export)",
  },
  {
    path: "packages/bus/src/floats.ts",
    text: "declare function send(): Promise<void>;\n\nexport function f(): void {\n  send();\n}\n",
    expected: "typescript(no-floating-promises)",
  },
  {
    path: "packages/bus/src/floats.test.ts",
    text: "declare function send(): Promise<void>;\n\nexport function f(): void {\n  send();\n}\n",
    expected: "typescript(no-floating-promises)",
  },
  {
    path: "packages/bus/src/not-exhaustive.ts",
    text: 'export function f(x: "a" | "b"): number {\n  switch (x) {\n    case "a":\n      return 1;\n    default:\n      return 2;\n  }\n}\n',
    expected: "typescript(switch-exhaustiveness-check)",
  },
  {
    path: "packages/bus/src/says-any.ts",
    text: "export type Loose = any;\n",
    expected: "typescript(no-explicit-any)",
  },
  {
    path: "packages/bus/src/from-any.ts",
    text: 'export function f(): void {\n  const x = JSON.parse("1");\n  void x;\n}\n',
    expected: "typescript(no-unsafe-assignment)",
  },
  {
    path: "packages/bus/src/non-null.ts",
    text: "export const f = (x: string | undefined): string => x!;\n",
    expected: "typescript(no-non-null-assertion)",
  },
  {
    path: "packages/bus/src/prints.ts",
    text: 'export function f(): void {\n  console.log("x");\n}\n',
    expected: "eslint(no-console)",
  },
  {
    path: "packages/bus/src/cycle-a.ts",
    text: 'import { b } from "./cycle-b.ts";\n\nexport const a = (): unknown => b;\n',
    expected: "import(no-cycle)",
  },
  {
    path: "packages/bus/src/cycle-b.ts",
    text: 'import { a } from "./cycle-a.ts";\n\nexport const b = (): unknown => a;\n',
    expected: "import(no-cycle)",
  },
  {
    path: "packages/bus/src/NotKebab.ts",
    text: "export const x = 1;\n",
    expected: "unicorn(filename-case)",
  },
  {
    path: "packages/bus/src/long-file.ts",
    text: `export type Line = number;\n${"// a line\n".repeat(400)}`,
    expected: "eslint(max-lines)",
  },
  {
    path: "packages/bus/src/many-parameters.ts",
    text: "export const f = (a: 1, b: 2, c: 3, d: 4): number => a + b + c + d;\n",
    expected: "eslint(max-params)",
  },
  {
    path: "packages/bus/src/loses-cause.ts",
    text: "export function f(g: () => void): void {\n  try {\n    g();\n  } catch (error) {\n    throw new Error(`failed: ${String(error)}`);\n  }\n}\n",
    expected: "eslint(preserve-caught-error)",
  },
  {
    path: "packages/bus/src/disables-all.ts",
    text: "// oxlint-disable-next-line\nexport type Loose = any;\n",
    expected: "unicorn(no-abusive-eslint-disable)",
  },
  {
    path: "packages/bus/src/mocks.test.ts",
    text: 'import { vi } from "vitest";\n\nvi.mock("./in-process-bus.ts");\n',
    expected: "vitest(no-restricted-vi-methods)",
  },
];

/** What the compiler must report. */
export const compilerSnippets: readonly Snippet[] = [
  {
    path: "packages/core/src/upward.ts",
    text: 'export { packageName } from "@courier/store";\n',
    expected: "TS2306",
  },
  {
    path: "packages/scheduler/src/sideways.ts",
    text: 'export { packageName } from "@courier/gateway";\n',
    expected: "TS2306",
  },
  {
    path: "packages/cli/src/lazy-upward.ts",
    text: 'export const load = (): Promise<unknown> => import("@courier/store");\n',
    expected: "TS2306",
  },
  {
    path: "packages/store/src/deep-import.ts",
    text: 'export { packageName } from "@courier/core/src/index.ts";\n',
    expected: "TS2306",
  },
  {
    path: "packages/store/src/relative-escape.ts",
    text: 'export { packageName } from "../../core/src/index.ts";\n',
    expected: "TS2878",
  },
  {
    path: "packages/core/src/imports-node.ts",
    text: 'export { readFileSync } from "node:fs";\n',
    expected: "TS2591",
  },
  {
    path: "packages/bus/src/enumerates.ts",
    text: "export enum Color {\n  Red,\n}\n",
    expected: "TS1294",
  },
  {
    path: "packages/bus/src/name-space.ts",
    text: "export namespace Inner {\n  export const x: number = 1;\n}\n",
    expected: "TS1294",
  },
];
