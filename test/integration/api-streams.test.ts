import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiFixture, jobsPath, template } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import type { NodeStandIn } from "./api-node-stand-in.ts";

const state = "/courier/state-api/v1";

/** Reads a live answer in the background. */
class LiveReader {
  text = "";
  isEnded = false;
  readonly done: Promise<void>;

  constructor(response: Response) {
    this.done = this.#read(response);
  }

  /** The data of the events received so far. */
  get events(): unknown[] {
    const whole = this.text.split("\n\n").slice(0, -1);
    const blocks = whole.filter((block) => block.startsWith("event: instance\n"));
    return blocks.map((block) => JSON.parse(block.slice(block.indexOf("data: ") + 6)));
  }

  /** The output received so far. */
  get output(): string {
    const lines = this.text.split("\n").slice(0, -1);
    return lines
      .map((line) => Buffer.from(String(at(JSON.parse(line), "data")), "base64").toString())
      .join("");
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      this.text += decoder.decode(chunk as Uint8Array, { stream: true });
    }
    this.isEnded = true;
  }
}

describe("live streams", () => {
  let fixture: ApiFixture;
  let node: NodeStandIn;
  let token: string;
  let instanceId: string;
  let run: { runId: string; token: number };

  beforeEach(async () => {
    fixture = await ApiFixture.start();
    token = await fixture.token("viewer");
    node = await fixture.enrol("web-1");
    await node.connect();
    ({ instanceId } = await fixture.runJob(template("streamed", ["web-1"])));
    run = await node.runOf(instanceId);
  });
  afterEach(async () => fixture.stop());

  async function follow(path: string): Promise<LiveReader> {
    return new LiveReader(await fixture.open(path, token));
  }

  it("send an instance at once, after changes, and end with its end", async () => {
    const reader = await follow(`${state}/instances/${instanceId}/events`);
    await fixture.until(
      async () => reader.events.length,
      (count) => count > 0,
    );

    await node.succeed(run);
    await fixture.settle(reader.done);

    const statuses = reader.events.map((event) => at(event, "status"));
    expect(statuses.at(0)).toBe("running");
    expect(statuses.at(-1)).toBe("success");
    expect(statuses.filter((status) => status === "success")).toHaveLength(1);
    expect(at(reader.events.at(-1), "groups", 0, "counts", "success")).toBe(1);
  });

  it("send an ended instance once and end", async () => {
    await node.succeed(run);
    const viewer = { token };
    await fixture.until(
      () => fixture.send("GET", `${state}/instances/${instanceId}`, viewer),
      ({ json }) => at(json, "item", "status") === "success",
    );

    const answer = await fixture.send("GET", `${state}/instances/${instanceId}/events`, viewer);

    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect(answer.text.match(/event: instance/g)).toHaveLength(1);
  });

  it("coalesce changes into at most five events a second, after a burst", async () => {
    const reader = await follow(`${state}/instances/${instanceId}/events`);
    await fixture.until(
      async () => reader.events.length,
      (count) => count > 0,
    );
    const operator = await fixture.token("operator");
    const startedAt = fixture.clock.now();

    for (const change of Array.from({ length: 10 }, () => ["pause", "resume"]).flat()) {
      const path = `${state}/instances/${instanceId}/${change}`;
      expect((await fixture.send("POST", path, { token: operator })).status).toBeLessThan(300);
    }
    await node.succeed(run);
    await fixture.settle(reader.done);

    const seconds = (fixture.clock.now() - startedAt) / 1000;
    // One when the reader comes, and a few that may come at once.
    expect(reader.events.length).toBeLessThanOrEqual(1 + 5 + Math.ceil(5 * seconds));
    expect(at(reader.events.at(-1), "status")).toBe("success");
  });

  it("keep a silent connection alive with comments", async () => {
    const reader = await follow(`${state}/instances/${instanceId}/events`);
    await fixture.until(
      async () => reader.events.length,
      (count) => count > 0,
    );

    await fixture.until(
      async () => reader.text.includes("\n: alive\n"),
      (isAlive) => isAlive,
    );

    expect(reader.isEnded).toBe(false);
  });

  it("stop listening to the bus when the reader goes", async () => {
    const aborter = new AbortController();
    const path = `${state}/instances/${instanceId}/events`;
    const response = await fixture.open(path, token, aborter.signal);
    await response.body?.getReader().read();

    aborter.abort();

    const metrics = async (): Promise<string> =>
      (await fixture.send("GET", "/metrics", { token })).text;
    await fixture.until(metrics, (text) => text.includes("\ncourier_live_streams 0\n"));
  });

  it("follow a run's output in order until the run has ended", async () => {
    const reader = await follow(`${state}/runs/${run.runId}/output?follow=true`);
    await node.report({ type: "started", ...run, at: fixture.clock.now() });
    await node.report(node.output(run, { offset: 0, text: "one\n" }));
    await fixture.until(
      async () => reader.output,
      (output) => output === "one\n",
    );

    await node.report(node.output(run, { offset: 4, text: "two\n" }), node.result(run));
    await fixture.settle(reader.done);

    expect(reader.output).toBe("one\ntwo\n");
    const [first] = reader.text.split("\n");
    expect(Object.keys(JSON.parse(first ?? "") as object)).toEqual([
      "stepNumber",
      "attempt",
      "stream",
      "offset",
      "data",
    ]);
  });

  it("send the output that there is and end when nobody asks to follow", async () => {
    await node.report(node.output(run, { offset: 0, text: "so far\n" }));

    const path = `${state}/runs/${run.runId}/output`;
    const all = await fixture.send("GET", path, { token });
    const ofStep = await fixture.send("GET", `${path}?step-number=2`, { token });

    expect(all.headers.get("content-type")).toBe("application/x-ndjson");
    expect(all.text.trim().split("\n")).toHaveLength(1);
    expect(ofStep.text).toBe("");
  });

  it("read no more of the store than a slow reader takes", async () => {
    const chunk = "x".repeat(60_000);
    for (let frame = 0; frame < 40; frame += 1) {
      const pieces = Array.from({ length: 10 }, (_, index) =>
        node.output(run, { offset: (frame * 10 + index) * chunk.length, text: chunk }),
      );
      await node.report(...pieces);
    }
    await node.report(node.result(run));

    const sockets: Socket[] = [];
    fixture.api.server.on("connection", (socket: Socket) => sockets.push(socket));
    const reader = await openPaused(
      fixture,
      `${state}/runs/${run.runId}/output?follow=true`,
      token,
    );
    const buffered = async (): Promise<number> =>
      Math.max(0, ...sockets.map((socket) => socket.writableLength));
    await fixture.until(buffered, (length) => length > 0);
    await fixture.clock.advance(1000);
    const held = await buffered();

    reader.response.resume();
    await fixture.settle(reader.done);

    const pageBytes = 64 * 81_000;
    expect(held).toBeLessThanOrEqual(2 * pageBytes);
    expect(reader.size).toBeGreaterThan(400 * 80_000);
  });

  it("end when the service drains, changes are refused, reading goes on", async () => {
    const events = await follow(`${state}/instances/${instanceId}/events`);
    const output = await follow(`${state}/runs/${run.runId}/output?follow=true`);
    await fixture.until(
      async () => events.events.length,
      (count) => count > 0,
    );
    const operator = await fixture.token("operator");

    fixture.api.drain();
    await fixture.settle(Promise.all([events.done, output.done]).then(() => undefined));

    const body = template("too late", ["web-1"]);
    const added = await fixture.send("POST", jobsPath, { token: operator, body });
    const cancel = `${state}/instances/${instanceId}/cancel`;
    const cancelled = await fixture.send("POST", cancel, { token: operator });
    const readAnswer = await fixture.send("GET", `${state}/instances/${instanceId}`, { token });
    const ready = await fixture.send("GET", "/readyz");
    const health = await fixture.send("GET", "/healthz");
    expect([added.status, cancelled.status, ready.status]).toEqual([503, 503, 503]);
    expect(at(added.json, "error", "code")).toBe("SERVICE_DRAINING");
    expect([readAnswer.status, health.status]).toEqual([200, 200]);
  });
});

/** Asks for an answer and reads nothing of it until `response.resume()`. */
async function openPaused(fixture: ApiFixture, path: string, token: string): Promise<PausedReader> {
  const headers = { authorization: `Bearer ${token}` };
  const asked = request(`${fixture.url}${path}`, { headers }).end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on("error", reject);
    asked.on("response", resolve);
  });
  const reader = { response, size: 0, done: once(response, "end").then(() => undefined) };
  response.pause();
  response.on("data", (part: Buffer) => {
    reader.size += part.length;
  });
  response.pause();
  return reader;
}

interface PausedReader {
  readonly response: IncomingMessage;
  /** Bytes received so far. */
  readonly size: number;
  readonly done: Promise<void>;
}
