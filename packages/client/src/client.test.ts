import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { createClient } from "./client.ts";
import { Secret } from "./secret.ts";

const { signal } = new AbortController();

interface SeenRequest {
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

async function setup(): Promise<{ readonly url: string; readonly seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer(({ method, headers }, response) => {
    seen.push({ method, headers });
    response.setHeader("content-type", "application/json").end('{"item":{}}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening on a port");
  return { url: `http://127.0.0.1:${address.port}`, seen };
}

it("names no content type for a request that has no body", async () => {
  const { url, seen } = await setup();
  const client = createClient({ url, token: new Secret("cou_canary"), userAgent: "test" });

  await client.cancelInstance("i", { signal });
  await client.cancelRun("r", { signal });
  await client.addJob({ text: "name: x", format: "yaml" }, { signal });

  expect(seen.map(({ method }) => method)).toEqual(["POST", "POST", "POST"]);
  expect(seen.map(({ headers }) => headers["content-type"])).toEqual([
    undefined,
    undefined,
    "application/yaml",
  ]);
});
