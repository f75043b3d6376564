import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { sendError } from "./error-response.ts";
import { InFlightLimit } from "./in-flight-limit.ts";

test("takes so many requests at once, sends the next one away, and takes it when one has ended", async () => {
  const limit = new InFlightLimit(1);
  const app = fastify();
  onTestFinished(async () => await app.close());
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  let finish: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    app.get("/slow", { onRequest: limit.enter }, async () => {
      resolve();
      await new Promise<void>((end) => {
        finish = end;
      });
      return "done";
    });
  });
  app.get("/fast", { onRequest: limit.enter }, async () => "done");
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const slow = fetch(`${url}/slow`);
  await started;

  const refused = await fetch(`${url}/fast`);
  finish();
  await (await slow).text();
  const taken = await fetch(`${url}/fast`);

  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await refused.text()).toContain("RATE_LIMITED");
  expect(taken.status).toBe(200);
});
