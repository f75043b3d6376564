import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { NodeMessage } from "@courier/protocol";
import { silentLogger } from "../logger.ts";
import { OutputSpool } from "../step/output-spool.ts";
import { SystemClock } from "../system-clock.ts";
import { OutputPump } from "./output-pump.ts";

test("is done when it was closed and everything that was written until then is acknowledged", async () => {
  const directory = mkdtempSync(join(tmpdir(), "courier-pump-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "stdout");
  writeFileSync(path, "written");
  const key = { runId: "run", token: 1, stepNumber: 1, attempt: 1, launch: 1 };
  const pump = new OutputPump({ clock: new SystemClock(), logger: silentLogger });
  pump.add(new OutputSpool(key, "stdout", { path, quotaBytes: 1000 }));
  const sent = new Promise<NodeMessage>((send) => {
    pump.connect({ bufferedBytes: 0, send });
  });

  pump.close("run");

  const data = Buffer.from("written").toString("base64");
  expect(await sent).toMatchObject({ type: "output", offset: 0, data });
  expect(pump.isDone("run")).toBe(false);
  const { runId, stepNumber, attempt } = key;
  pump.acknowledge({ runId, stepNumber, attempt, stream: "stdout", nextOffset: 7 });
  expect(pump.isDone("run")).toBe(true);
});
