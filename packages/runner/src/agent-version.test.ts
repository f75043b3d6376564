import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { agentVersion } from "./agent-version.ts";

test("is the package's version", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");

  expect(JSON.parse(text)).toMatchObject({ version: agentVersion });
});
