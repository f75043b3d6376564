import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { canonicaliseTemplate, canonicalJson, findUnsupported } from "@courier/core";
import { formatProblems, validateTemplate, type CanonicalJob } from "@courier/schema";
import { expect, test } from "vitest";
import { formatOf } from "./template-files.ts";

const directory = join(import.meta.dirname, "../../examples");
const examples = readdirSync(directory).filter((file) => formatOf(file) !== undefined);

async function readExample(file: string): Promise<CanonicalJob> {
  const text = readFileSync(join(directory, file), "utf8");
  const result = await validateTemplate(text, formatOf(file) ?? "json");
  if (!result.ok) throw new Error(formatProblems(result.problems, file));
  expect(result.warnings).toEqual([]);
  return canonicaliseTemplate(result.template);
}

test.each(examples)("%s is a job that this version executes", async (file) => {
  const job = await readExample(file);

  expect(findUnsupported(job)).toEqual([]);
});

test("no two examples have one name", async () => {
  const names = await Promise.all(examples.map(async (file) => (await readExample(file)).name));

  expect(new Set(names).size).toBe(names.length);
});

test("the hello job is byte-identical in its three formats but for its name", async () => {
  const files = examples.filter((file) => file.startsWith("hello."));
  const texts = await Promise.all(
    files.map(async (file) => canonicalJson({ ...(await readExample(file)), name: "hello" })),
  );

  expect(files.map((file) => extname(file))).toEqual([".json", ".toml", ".yaml"]);
  expect(new Set(texts).size).toBe(1);
});
