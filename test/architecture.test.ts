import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { findNameProblem } from "./architecture/file-names.ts";
import { compile, createFixtureWorkspace } from "./architecture/fixture-workspace.ts";
import { allowedImports, packageNames } from "./architecture/floors.ts";
import { compilerSnippets, lintSnippets } from "./architecture/snippets.ts";
import { readJson, readSourceFiles, root } from "./architecture/source-files.ts";
import { findBreaches, textRules } from "./architecture/text-rules.ts";

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly main?: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface CompilerConfig {
  readonly compilerOptions?: {
    readonly types?: readonly string[];
    readonly paths?: Readonly<Record<string, readonly string[]>>;
  };
  readonly references: readonly { readonly path: string }[];
}

const lineCountMax = 400;
const files = readSourceFiles();

describe("the linter", () => {
  const pairs = packageNames.flatMap((from) =>
    packageNames.filter((to) => to !== from).map((to) => ({ from, to })),
  );
  const importPath = (from: string, to: string, suffix = ".ts"): string =>
    `packages/${from}/src/imports-${to}${suffix}`;
  const report: string[] = [];

  beforeAll(() => {
    const imports = pairs.flatMap(({ from, to }) =>
      [".ts", ".test.ts"].map((suffix) => [
        importPath(from, to, suffix),
        `export { packageName } from "@courier/${to}";\n`,
      ]),
    );
    const workspace = createFixtureWorkspace({
      ...Object.fromEntries(imports),
      ...Object.fromEntries(lintSnippets.map(({ path, text }) => [path, text])),
    });
    report.push(...workspace.lint());
    workspace.remove();
  });

  test.each(lintSnippets)("reports $expected in $path", ({ path, expected }) => {
    expect(report).toContain(`${path}: ${expected}`);
  });

  test("forbids exactly the imports that do not point down the floors", () => {
    const forbidden = pairs.filter(({ from, to }) =>
      report.includes(`${importPath(from, to)}: eslint(no-restricted-imports)`),
    );

    expect(forbidden).toEqual(pairs.filter(({ from, to }) => !isAllowed(from, to)));
  });

  test("lets tests import testkit, and nothing else that their package may not", () => {
    const forbidden = pairs.filter(({ from, to }) =>
      report.includes(`${importPath(from, to, ".test.ts")}: eslint(no-restricted-imports)`),
    );

    expect(forbidden).toEqual(
      pairs.filter(({ from, to }) => to !== "testkit" && !isAllowed(from, to)),
    );
  });
});

describe("the compiler", () => {
  const errors: string[] = [];
  let directory = "";

  beforeAll(() => {
    const workspace = createFixtureWorkspace(
      Object.fromEntries(compilerSnippets.map(({ path, text }) => [path, text])),
    );
    errors.push(...workspace.compile());
    workspace.remove();
    directory = mkdtempSync(join(tmpdir(), "courier-architecture-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each(compilerSnippets)("reports $expected in $path", ({ path, expected }) => {
    expect(errors).toContain(`${path}: ${expected}`);
  });

  // A dependency's own types can bring Node's in; this looks at core as it is, not at a copy.
  test("knows no node: module among the real files of core", () => {
    writeFileSync(join(directory, "snippet.ts"), 'export { readFileSync } from "node:fs";\n');
    writeFileSync(
      join(directory, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "packages", "core", "tsconfig.json"),
        compilerOptions: {
          composite: false,
          declarationMap: false,
          isolatedDeclarations: false,
          noEmit: true,
          rootDir: "/",
        },
        files: ["snippet.ts", join(root, "packages", "core", "src", "index.ts")],
        include: [],
        references: [],
      }),
    );

    expect(compile(["-p", "tsconfig.json"], directory)).toContain("snippet.ts: TS2591");
  });
});

describe("the dead-code check", () => {
  test("reports a dependency that package.json does not list, and an unused file", () => {
    const workspace = createFixtureWorkspace({
      "packages/bus/src/index.ts": 'export { Kysely } from "kysely";\n',
      "packages/bus/src/unused-file.ts": "export const x: number = 1;\n",
    });

    const output = workspace.findDeadCode();
    workspace.remove();

    expect(output).toMatch(/Unlisted dependencies[^]*kysely +packages\/bus/);
    expect(output).toMatch(/Unused files[^]*packages\/bus\/src\/unused-file\.ts/);
  });
});

describe("the packages", () => {
  test("are the ones that the floors know", () => {
    expect(readdirSync(join(root, "packages")).filter((name) => !name.includes("."))).toEqual(
      packageNames.toSorted(),
    );
  });

  test("are all referenced by the top configuration", () => {
    const config = readJson<CompilerConfig>("tsconfig.json");

    expect(config.references.map(({ path }) => path).toSorted()).toEqual(
      packageNames.map((name) => `packages/${name}`).toSorted(),
    );
  });

  describe.each(packageNames)("%s", (name) => {
    const manifest = readJson<Manifest>("packages", name, "package.json");
    const config = readJson<CompilerConfig>("packages", name, "tsconfig.json");
    const dependencies = ownNames(manifest.dependencies);

    test("depends only on what its floor allows", () => {
      expect(dependencies.filter((dependency) => !isAllowed(name, dependency))).toEqual([]);
    });

    test("references for the compiler what package.json lists", () => {
      const references = config.references.map(({ path }) => path.replace(/^\.\.\//, ""));

      expect(references.toSorted()).toEqual(dependencies.toSorted());
    });

    test("lets the compiler find what package.json lists, and nothing else", () => {
      const listed = dependencies.map((dependency) => [
        `@courier/${dependency}`,
        [`../${dependency}/src/index.ts`],
      ]);

      expect(config.compilerOptions?.paths).toEqual({
        "@courier/*": ["../not-below.d.ts"],
        ...Object.fromEntries(listed),
      });
    });

    // The dead-code check does not look at packages of the same workspace.
    test("imports every package of ours that it lists", () => {
      const own = files.filter(({ path }) => path.startsWith(`packages/${name}/src/`));
      const isImported = (dependency: string): boolean =>
        own.some(({ text }) => text.includes(`from "@courier/${dependency}"`));

      expect(dependencies.filter((dependency) => !isImported(dependency))).toEqual([]);
    });

    test("needs only testkit for its tests", () => {
      expect(ownNames(manifest.devDependencies).filter((other) => other !== "testkit")).toEqual([]);
    });

    test("exports its entry and nothing below it", () => {
      expect(Object.keys(manifest.exports)).toEqual(["."]);
      expect(manifest.main).toBeUndefined();
      expect(manifest.name).toBe(`@courier/${name}`);
    });
  });

  test.each(["schema", "core", "protocol"])("%s compiles without Node's types", (name) => {
    const config = readJson<CompilerConfig>("packages", name, "tsconfig.json");

    expect(config.compilerOptions?.types).toEqual([]);
  });
});

describe("the source files", () => {
  test("are named for what they hold", () => {
    expect(files.flatMap(({ path }) => findNameProblem(path) ?? [])).toEqual([]);
  });

  test.each([
    "packages/core/src/runState.ts",
    "packages/core/src/types.ts",
    "packages/core/src/common/backoff.ts",
    "packages/store/src/test-helpers.ts",
    "packages/store/src/run/index.ts",
  ])("may not be called %s", (path) => {
    expect(findNameProblem(path)).toBeDefined();
  });

  test(`have at most ${lineCountMax} lines`, () => {
    const long = files.filter(({ text }) => text.split("\n").length - 1 > lineCountMax);

    expect(long.map(({ path }) => path)).toEqual([]);
  });

  describe.each(textRules)("$name", (rule) => {
    const examplePath = "packages/core/src/example.ts";

    test("holds everywhere", () => {
      expect(files.flatMap((file) => findBreaches(rule, file))).toEqual([]);
    });

    test("is noticed when it does not", () => {
      expect(findBreaches(rule, { path: examplePath, text: rule.broken })).toHaveLength(1);
      expect(findBreaches(rule, { path: examplePath, text: rule.sound })).toEqual([]);
    });
  });
});

function isAllowed(from: string, to: string): boolean {
  return allowedImports[from]?.includes(to) ?? false;
}

function ownNames(dependencies: Readonly<Record<string, string>> | undefined): readonly string[] {
  return Object.keys(dependencies ?? {})
    .filter((dependency) => dependency.startsWith("@courier/"))
    .map((dependency) => dependency.replace("@courier/", ""));
}
