// What a figure was measured on: a figure without its machine says nothing.

import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";

/** The machine as every figure names it. */
export function describeMachine() {
  const processors = cpus();
  return {
    cpus: processors.length,
    model: processors[0]?.model.trim() ?? "unknown",
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
  };
}

/** How busy the machine has been for a minute: 1 = every processor, all the time. */
export function loadPerCpu() {
  return loadavg()[0] / cpus().length;
}
