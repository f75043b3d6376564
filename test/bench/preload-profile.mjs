// Loaded into a server that is profiled (node --import …): the first SIGUSR2 starts the CPU profiler, the second stops
// it and writes the file that COURIER_BENCH_PROFILE names. Nothing in the product knows of it.

import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

let session;

process.on("SIGUSR2", () => void toggle());

async function toggle() {
  if (session === undefined) {
    session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: 200 });
    await session.post("Profiler.start");
    return;
  }
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  session = undefined;
  writeFileSync(process.env.COURIER_BENCH_PROFILE, JSON.stringify(profile));
}
