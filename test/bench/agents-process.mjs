// Many real node agents in one process, each with a data directory of its own:
// agents-process.mjs URL ENROLLMENT-KEY DIRECTORY COUNT. Prints one line when all are connected; ends with its stdin.

import { once } from "node:events";
import { join } from "node:path";

import { NodeAgent, SystemClock } from "@courier/runner";

const [url, enrollmentKey, directory, count] = process.argv.slice(2);
const clock = new SystemClock();

const agents = Array.from({ length: Number(count) }, (_, index) => {
  const ready = withResolvers();
  const name = `p${index.toString(36)}`;
  const agent = new NodeAgent({
    url,
    name,
    dataDir: join(directory, name),
    enrollmentKey,
    clock,
    random: Math.random,
    onReady: () => ready.resolve(name),
    onFatal: ready.reject,
  });
  return { agent, ready: ready.promise };
});

for (const { agent } of agents) await agent.start();
const names = await Promise.all(agents.map(({ ready }) => ready));
process.stdout.write(`${JSON.stringify(names)}\n`);

process.stdin.resume();
await once(process.stdin, "end");
await Promise.all(agents.map(({ agent }) => agent.stop("the benchmark has ended")));
process.exit(0);

/** Node 20 has no Promise.withResolvers. */
function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) =>
    Object.assign(resolvers, { resolve, reject }),
  );
  return resolvers;
}
