// Memory of the server per connected node that has nothing to do: resident memory with and without the fleet, each
// after a garbage collection; what the collections freed is in the detail.

import { openStack } from "./stack.mjs";
import { settledRssBytes } from "./processes.mjs";
import { rounded } from "./statistics.mjs";

export async function run({ isSmoke, report, say }) {
  const count = isSmoke ? 50 : 10_000;
  const watchMs = isSmoke ? 100 : 5_000;
  const stack = await openStack();
  try {
    const database = await stack.createDatabase("sqlite");
    const fleet = stack.startFleet();
    await fleet.call("enrol", { database: database.options, count, prefix: "n" });
    const server = await stack.startServer(database, { preload: "gc" });
    const empty = await measure(server.child, watchMs);
    const connectBegan = Date.now();
    await fleet.call("start", { url: server.url });
    say(`${count} nodes connected in ${Date.now() - connectBegan} ms`);
    const full = await measure(server.child, watchMs);
    const perNode = (field) => rounded((full[field] - empty[field]) / count / 1024);
    report("memory-per-idle-node", perNode("collected"), {
      detail: { nodes: count, beforeCollectionKiB: perNode("grown"), serverBytes: full.collected },
    });
  } finally {
    await stack.dispose();
  }
}

async function measure(child, watchMs) {
  const grown = await settledRssBytes(child.pid, watchMs);
  child.kill("SIGUSR2");
  return { grown, collected: await settledRssBytes(child.pid, watchMs) };
}
