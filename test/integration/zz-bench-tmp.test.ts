import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { test } from "vitest";
import { NodeAgent, SystemClock } from "@courier/runner";
import { ProbeServer } from "./zz-probe-tmp.ts";
import { assignment } from "./runner-fixture.ts";
async function spawnRate(n: number, conc: number): Promise<number> {
  const t = performance.now();
  let started = 0,
    done = 0;
  await new Promise<void>((r) => {
    const go = () => {
      if (started >= n) return;
      started++;
      spawn("/bin/sh", ["-c", "true"], { stdio: "ignore" }).on("exit", () => {
        done++;
        if (done === n) r();
        else go();
      });
    };
    for (let i = 0; i < conc; i++) go();
  });
  return (n / (performance.now() - t)) * 1000;
}
test("bench", async () => {
  const server = new ProbeServer();
  await server.start();
  const dir = mkdtempSync((process.env.B ?? "/tmp") + "/rbench-");
  const agents: NodeAgent[] = [];
  const N = 200;
  await Promise.all(
    Array.from({ length: N }, async (_, i) => {
      await new Promise<void>((res, rej) => {
        const a = new NodeAgent({
          url: server.url,
          dataDir: `${dir}/${i}`,
          name: `n${i}`,
          enrollmentKey: "k",
          clock: new SystemClock(),
          random: Math.random,
          onReady: () => res(),
          onFatal: rej,
        });
        agents.push(a);
        a.start().catch(rej);
      });
    }),
  );
  console.log("rss with 200 agents", (process.memoryUsage.rss() / 2 ** 20).toFixed(0));
  for (let round = 0; round < 4; round++) {
    const r0 = await spawnRate(600, 16);
    // send each run to one agent only
    const runs = agents.map(() => assignment(["true"]));
    const t = performance.now();
    const c = process.cpuUsage();
    server.assignEach(runs);
    await Promise.all(runs.map((r) => server.fastResult(r.runId)));
    const dt = performance.now() - t;
    const cu = process.cpuUsage(c);
    const rate = (N / dt) * 1000;
    console.log(
      `sh -c true ${r0.toFixed(0)}/s; 200 agents: ${rate.toFixed(0)}/s = ${((rate / r0) * 100).toFixed(0)} %; cpu ${((cu.user + cu.system) / 1000 / N).toFixed(2)} ms/run`,
    );
  }
  await Promise.all(agents.map((a) => a.stop("x")));
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}, 100000);
