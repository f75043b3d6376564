import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InProcessBus } from "@courier/bus";
import { decodeServerFrame, encodeFrame, nodeTopic, type ServerMessage } from "@courier/protocol";
import { findNode } from "@courier/store";
import {
  enrolTestNode,
  FakeClock,
  PatientReports,
  stressService,
  temporaryDatabase,
  until,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Gateway } from "./gateway.ts";
import { sessionPath, silenceMaxMs, touchIntervalMs, watchIntervalMs } from "./limits.ts";

let temporary: TemporaryDatabase;
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await temporary.dispose();
});

/** The node's end of a real WebSocket. */
class Peer {
  readonly received: ServerMessage[] = [];
  readonly socket: WebSocket;
  readonly ended: Promise<void>;

  constructor(url: string) {
    this.socket = new WebSocket(url);
    this.ended = new Promise((resolve) => {
      this.socket.on("close", () => resolve());
    });
    // A refused connection is an error to the client, followed by its close.
    this.socket.on("error", () => undefined);
    this.socket.on("message", (data: Buffer) => {
      const decoded = decodeServerFrame(data.toString());
      if (decoded.ok) this.received.push(...decoded.messages);
    });
  }

  async receive(type: ServerMessage["type"]): Promise<ServerMessage> {
    for (;;) {
      const found = this.received.find((message) => message.type === type);
      if (found !== undefined) return found;
      await once(this.socket, "message");
    }
  }
}

function createGateway() {
  const clock = new FakeClock();
  const bus = new InProcessBus();
  const reports = new PatientReports();
  const { privateKey } = generateKeyPairSync("ed25519");
  const serverKey = { privateKey, publicKey: "" };
  const log = pino({ level: "silent" });
  const gateway = new Gateway({ db: temporary.database, bus, clock, reports, serverKey, log });
  return { gateway, clock, bus, reports };
}

async function setup() {
  const parts = createGateway();
  await parts.gateway.start();
  const server = createServer();
  server.on("upgrade", (request, socket, head) => {
    if (!parts.gateway.handleUpgrade(request, socket, head)) socket.destroy();
  });
  const port = await listen(server);
  const connect = (path: string = sessionPath): Peer => new Peer(`ws://127.0.0.1:${port}${path}`);
  const join = async () => {
    const node = await enrolTestNode(temporary.database);
    const peer = connect();
    const challenge = await peer.receive("challenge");
    const nonce = challenge.type === "challenge" ? challenge.nonce : "";
    peer.socket.send(encodeFrame([node.hello(nonce)]));
    await peer.receive("welcome");
    return { node, peer };
  };
  cleanups.push(async () => {
    await parts.gateway.stop("the test is over");
    server.close();
  });
  return { ...parts, connect, join };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server that listens has an address of this kind.
  return (server.address() as AddressInfo).port;
}

test("carries a session over a real WebSocket, from the challenge to the acknowledgement", async () => {
  const { gateway, bus, reports, join } = await setup();

  const { node, peer } = await join();
  bus.publish(nodeTopic(node.nodeId), { sessionId: null, message: { type: "stop", runs: [] } });
  await peer.receive("stop");
  peer.socket.send(
    encodeFrame([
      {
        type: "result",
        runId: "r",
        token: 1,
        status: "success",
        reason: "",
        startedAt: 1,
        finishedAt: 2,
        steps: [],
      },
    ]),
  );

  expect(await peer.receive("ack")).toMatchObject({ results: ["r"] });
  expect(reports.calls).toEqual([`connected ${node.nodeId}`, "reported result"]);
  expect(gateway.stats()).toEqual({ connectedNodes: 1, connections: 1 });
});

test("reports a departure when the connection breaks", async () => {
  const { gateway, reports, join } = await setup();
  const { node, peer } = await join();

  peer.socket.terminate();
  await until(() => reports.calls.includes(`disconnected ${node.nodeId}`));

  expect(gateway.stats()).toEqual({ connectedNodes: 0, connections: 0 });
});

test("takes only text", async () => {
  const { connect } = await setup();
  const peer = connect();
  await peer.receive("challenge");

  peer.socket.send(Buffer.from("[]"));

  expect(await peer.receive("goodbye")).toMatchObject({ code: "FRAME_INVALID" });
  await peer.ended;
});

test("leaves other paths to others", async () => {
  const { gateway, connect } = await setup();

  await connect("/elsewhere").ended;

  expect(gateway.stats().connections).toBe(0);
});

test("ends a session on which nothing has been heard for too long", async () => {
  const { clock, reports, join } = await setup();
  const { node, peer } = await join();
  // A peer that is gone without a word answers no ping.
  peer.socket.pause();

  await clock.advance(silenceMaxMs + 2 * watchIntervalMs);

  await until(() => reports.calls.includes(`disconnected ${node.nodeId}`));
  peer.socket.terminate();
});

test("records when its nodes were last seen", async () => {
  const { clock, join } = await setup();
  const { node, peer } = await join();
  const startedAt = clock.now();

  await clock.advance(watchIntervalMs);
  peer.socket.send(encodeFrame([{ type: "heartbeat", at: 1 }]));
  await clock.advance(touchIntervalMs - watchIntervalMs);

  await until(
    async () =>
      (await findNode(temporary.database, node.nodeId))?.lastSeenAt === startedAt + touchIntervalMs,
  );
});

test("drains: says goodbye to every node, reports all departures, takes nobody new", async () => {
  const { gateway, clock, reports, connect, join } = await setup();
  const first = await join();
  const second = await join();

  await gateway.stop("the service is stopping");

  expect(reports.calls).toContain(`disconnected ${first.node.nodeId}`);
  expect(reports.calls).toContain(`disconnected ${second.node.nodeId}`);
  for (const { peer } of [first, second]) {
    await peer.ended;
    expect(peer.received.at(-1)).toEqual({
      type: "goodbye",
      code: "SERVICE_DRAINING",
      reason: "the service is stopping",
      retryable: true,
    });
  }
  await connect().ended;
  expect(gateway.stats()).toEqual({ connectedNodes: 0, connections: 0 });
  expect(clock.pendingCount).toBe(0);
});

test("waits at its stop for an arrival that is being committed, and reports its departure", async () => {
  const { gateway, reports, connect } = await setup();
  const node = await enrolTestNode(temporary.database);
  const peer = connect();
  const challenge = await peer.receive("challenge");
  reports.isPatient = true;
  const nonce = challenge.type === "challenge" ? challenge.nonce : "";
  peer.socket.send(encodeFrame([node.hello(nonce)]));
  await until(() => reports.calls.length === 1);

  const stopped = gateway.stop("the service is stopping");
  reports.commit();
  await stopped;

  expect(reports.calls).toEqual([`connected ${node.nodeId}`, `disconnected ${node.nodeId}`]);
});

test("keeps the promises of a Service", async () => {
  const { gateway, clock } = createGateway();

  await stressService(gateway);

  expect(clock.pendingCount).toBe(0);
});
