import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { tarEnd, tarHead, tarPadding } from "./tar.ts";

function archive(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).map(([path, content]) => {
    const head = tarHead({ path, size: content.length, modifiedAt: 1_700_000_000 });
    return head + content + tarPadding(content.length);
  });
  return Buffer.from(parts.join("") + tarEnd, "latin1");
}

test.each([
  "short",
  "a directory/with spaces and ünïcode/📦",
  `long/${"x".repeat(150)}/name`,
  `long/${"é".repeat(60)}`,
])("tar lists and extracts %s", (path) => {
  const files = { [path]: "some content", empty: "", block: "b".repeat(512) };

  const list = execFileSync("tar", ["-t", "--quoting-style=literal"], {
    input: archive(files),
    encoding: "utf8",
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
  });
  const content = execFileSync("tar", ["-xO", "--", path], {
    input: archive(files),
    encoding: "utf8",
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8" },
  });

  expect(list).toBe(`${path}\nempty\nblock\n`);
  expect(content).toBe("some content");
});
