import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A free port on the loopback address below the range from which outgoing connections take theirs: a server that is
 * down for a moment finds its port free when it comes back, and nobody connects to himself meanwhile.
 */
export async function stablePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  server.listen(port, "127.0.0.1");
  if (!(await listening)) return false;
  server.close();
  await once(server, "close");
  return true;
}
