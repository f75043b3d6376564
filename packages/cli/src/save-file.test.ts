import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { saveFile } from "./save-file.ts";

function setup(): { readonly directory: string; readonly path: string } {
  const directory = mkdtempSync(join(tmpdir(), "courier-save-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return { directory, path: join(directory, "file") };
}

async function* bytes(...texts: readonly string[]): AsyncGenerator<Uint8Array, void, void> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

test("writes what comes and returns its size", async () => {
  const { directory, path } = setup();

  const size = await saveFile(path, async () => bytes("one", "two"), { isForced: false });

  expect(size).toBe(6);
  expect(readFileSync(path, "utf8")).toBe("onetwo");
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("leaves a file alone that came into being meanwhile, unless it is forced", async () => {
  const { directory, path } = setup();
  const transfer = async (): Promise<AsyncGenerator<Uint8Array>> => {
    writeFileSync(path, "mine");
    return bytes("theirs");
  };

  await expect(saveFile(path, transfer, { isForced: false })).rejects.toMatchObject({
    code: "USAGE",
    message: `"${path}" exists; give another --output, or --force to replace it`,
  });

  expect(readFileSync(path, "utf8")).toBe("mine");
  await saveFile(path, transfer, { isForced: true });
  expect(readFileSync(path, "utf8")).toBe("theirs");
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("leaves nothing of a transfer that breaks off", async () => {
  const { directory, path } = setup();
  const broken = async (): Promise<AsyncGenerator<Uint8Array>> =>
    (async function* () {
      yield* bytes("half");
      throw new Error("broken off");
    })();

  await expect(saveFile(path, broken, { isForced: false })).rejects.toThrow("broken off");

  expect(readdirSync(directory)).toEqual([]);
});
