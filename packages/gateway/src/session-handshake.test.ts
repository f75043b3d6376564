import { randomUUID, verify } from "node:crypto";
import { CourierError } from "@courier/core";
import { nodeTopic, welcomeText, type RunReport } from "@courier/protocol";
import { approveNodes, setNodesArchived } from "@courier/store";
import {
  openMemorySession,
  type MemorySession,
  settle,
  temporaryDatabase,
  until,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { helloTimeoutMs } from "./limits.ts";

const runId = "496f0d9a-f0be-4cb7-8cbb-2285b5c42045";

const result: RunReport = {
  type: "result",
  runId,
  token: 1,
  status: "success",
  reason: "",
  startedAt: 1,
  finishedAt: 2,
  steps: [],
};

let temporary: TemporaryDatabase;

beforeEach(async () => {
  temporary = await temporaryDatabase("sqlite");
});

afterEach(async () => {
  await temporary.dispose();
});

function setup(options: { readonly isUnapproved?: boolean } = {}): Promise<MemorySession> {
  const log = pino({ level: "silent" });
  return openMemorySession({ db: temporary.database, log, ...options });
}

test("challenges first, and welcomes a node that proves its identity", async () => {
  const { transport, session, reports, nodeId, connect } = await setup();
  expect(transport.types).toEqual(["challenge"]);

  await connect();

  expect(transport.types).toEqual(["challenge", "welcome"]);
  expect(reports.calls).toEqual([`connected ${nodeId}`]);
  expect(reports.sessions[0]).toMatchObject({ nodeId, remoteAddress: "192.0.2.7" });
  expect(session.nodeId).toBe(nodeId);
});

test("proves the service's identity to the node", async () => {
  const { transport, nodeId, serverPublicKey, connect } = await setup();

  await connect();

  const serverNonce = transport.find("challenge")?.nonce ?? "";
  const text = welcomeText({ serverNonce, nodeNonce: "bm9kZQ==", nodeId });
  const signature = Buffer.from(transport.find("welcome")?.signature ?? "", "base64");
  expect(verify(null, Buffer.from(text), serverPublicKey, signature)).toBe(true);
});

test("welcomes nobody before the arrival is committed", async () => {
  const { transport, session, reports, hello, receive } = await setup();
  reports.isPatient = true;

  receive(hello());
  await until(() => reports.calls.length === 1);
  expect(transport.types).toEqual(["challenge"]);
  expect(session.nodeId).toBeUndefined();
  reports.commit();

  await until(() => transport.types.includes("welcome"));
});

test.each([
  { name: "an unknown node", change: { nodeId: randomUUID() }, code: "NODE_UNKNOWN" },
  { name: "a newer protocol", change: { protocolVersion: 2 }, code: "PROTOCOL_VERSION" },
  { name: "an older protocol", change: { protocolVersion: 0 }, code: "PROTOCOL_VERSION" },
  { name: "no signature", change: { signature: "" }, code: "SIGNATURE_INVALID" },
  { name: "a wrong signature", change: { signature: "AAAA" }, code: "SIGNATURE_INVALID" },
])("refuses $name for good", async ({ change, code }) => {
  const { transport, reports, hello, receive } = await setup();

  receive(hello(change));
  await until(() => transport.isClosed);

  expect(transport.find("goodbye")).toMatchObject({ code, retryable: false });
  expect(reports.calls).toEqual([]);
});

test("refuses an archived node for good", async () => {
  const { transport, reports, nodeId, hello, receive } = await setup();
  await setNodesArchived(temporary.database, { nodeIds: [nodeId], archivedAt: 1, now: 1 });

  receive(hello());
  await until(() => transport.isClosed);

  expect(transport.find("goodbye")).toMatchObject({ code: "NODE_ARCHIVED", retryable: false });
  expect(reports.calls).toEqual([]);
});

test("lets a node that waits for approval come back later", async () => {
  const { transport, reports, hello, receive } = await setup({ isUnapproved: true });

  receive(hello());
  await until(() => transport.isClosed);

  expect(transport.find("goodbye")).toMatchObject({ code: "NODE_NOT_APPROVED", retryable: true });
  expect(reports.calls).toEqual([]);
});

test("welcomes a node once it is approved", async () => {
  const { transport, nodeId, connect } = await setup({ isUnapproved: true });
  await approveNodes(temporary.database, { nodeIds: [nodeId], now: 2 });

  await connect();

  expect(transport.types).toEqual(["challenge", "welcome"]);
});

test("tells only a node that proves its identity that it waits for approval", async () => {
  const { transport, hello, receive } = await setup({ isUnapproved: true });

  receive(hello({ signature: "AAAA" }));
  await until(() => transport.isClosed);

  expect(transport.find("goodbye")?.code).toBe("SIGNATURE_INVALID");
});

test("refuses a signature that was made for another session", async () => {
  const other = await setup();
  const { transport, receive } = await setup();

  receive(other.hello());
  await until(() => transport.isClosed);

  expect(transport.find("goodbye")?.code).toBe("SIGNATURE_INVALID");
});

test("wants a hello first", async () => {
  const { transport, receive } = await setup();

  receive(result);

  expect(transport.find("goodbye")).toMatchObject({ code: "HELLO_EXPECTED", retryable: false });
  expect(transport.isClosed).toBe(true);
});

test("ends when no hello arrives in time", async () => {
  const { transport, clock } = await setup();

  await clock.advance(helloTimeoutMs - 1);
  expect(transport.isClosed).toBe(false);
  await clock.advance(1);

  expect(transport.find("goodbye")).toMatchObject({ code: "HELLO_TIMEOUT", retryable: true });
  expect(transport.isClosed).toBe(true);
});

test("does not blame the node for a slow database", async () => {
  const { transport, clock, reports, hello, receive } = await setup();
  reports.isPatient = true;
  receive(hello());
  await until(() => reports.calls.length === 1);

  await clock.advance(helloTimeoutMs);
  reports.commit();

  await until(() => transport.types.includes("welcome"));
  expect(transport.types).not.toContain("goodbye");
});

test("can be tried again when the arrival could not be recorded", async () => {
  const { transport, reports, hello, receive } = await setup();
  reports.isPatient = true;
  receive(hello());
  await until(() => reports.calls.length === 1);

  reports.fail(new CourierError("STORE_UNAVAILABLE", "the database does not answer"));
  await until(() => transport.isClosed);

  expect(transport.find("goodbye")).toEqual({
    type: "goodbye",
    code: "STORE_UNAVAILABLE",
    reason: "the database does not answer",
    retryable: true,
  });
});

test("delivers after the welcome what was published while the node was verified", async () => {
  const { transport, bus, reports, nodeId, hello, receive } = await setup();
  reports.isPatient = true;
  receive(hello());
  await until(() => reports.calls.length === 1);
  const sessionId = reports.sessions[0]?.sessionId ?? "";

  bus.publish(nodeTopic(nodeId), { sessionId, message: { type: "assign", runs: [] } });
  bus.publish(nodeTopic(nodeId), { sessionId: null, message: { type: "stop", runs: [] } });
  reports.commit();
  await until(() => transport.types.includes("stop"));

  expect(transport.types).toEqual(["challenge", "welcome", "assign", "stop"]);
});

test("keeps nothing of a connection that went away while its node was verified", async () => {
  const { session, bus, reports, hello, receive, transport } = await setup();

  receive(hello());
  await session.closed();
  await settle();

  expect(reports.calls).toEqual([]);
  expect(bus.subscriptionCount).toBe(0);
  expect(transport.types).toEqual(["challenge"]);
});

test("reports the departure of a node that went away while its arrival was committed", async () => {
  const { session, reports, nodeId, hello, receive } = await setup();
  reports.isPatient = true;
  receive(hello());
  await until(() => reports.calls.length === 1);

  const closed = session.closed();
  reports.commit();
  await closed;

  expect(reports.calls).toEqual([`connected ${nodeId}`, `disconnected ${nodeId}`]);
});
