import { CourierError } from "@courier/core";
import { nodeTopic, type RunReport } from "@courier/protocol";
import {
  openMemorySession,
  type MemorySession,
  settle,
  temporaryDatabase,
  until,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { queuedBytesMax, silenceMaxMs, unrecordedBytesMax } from "./limits.ts";

const runId = "496f0d9a-f0be-4cb7-8cbb-2285b5c42045";

function output(offset: number, data: string): RunReport {
  return {
    type: "output",
    runId,
    token: 1,
    stepNumber: 1,
    attempt: 1,
    stream: "stdout",
    offset,
    data: Buffer.from(data).toString("base64"),
  };
}

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

function setup(): Promise<MemorySession> {
  return openMemorySession({ db: temporary.database, log: pino({ level: "silent" }) });
}

describe("a session", () => {
  test("takes no second hello", async () => {
    const { transport, hello, receive, connect } = await setup();
    await connect();

    receive(hello());

    expect(transport.find("goodbye")).toMatchObject({ code: "HELLO_REPEATED", retryable: false });
  });

  test("ends at a frame that is not valid, and says what is wrong with it", async () => {
    const { transport, session, connect } = await setup();
    await connect();

    session.receive('[{"type":"heartbeat"}]');

    expect(transport.find("goodbye")).toMatchObject({
      code: "FRAME_INVALID",
      reason: '/0: required field "at" is missing',
    });
    expect(transport.isClosed).toBe(true);
  });

  test("acknowledges results and output only after the commit", async () => {
    const { transport, reports, receive, connect } = await setup();
    await connect();
    reports.isPatient = true;

    receive(output(0, "hello\n"), result);
    await settle();
    expect(transport.types).not.toContain("ack");
    reports.commit();
    await until(() => transport.types.includes("ack"));

    expect(transport.find("ack")).toEqual({
      type: "ack",
      results: [runId],
      output: [{ runId, stepNumber: 1, attempt: 1, stream: "stdout", nextOffset: 6 }],
    });
  });

  test("needs no answer to what is only shown", async () => {
    const { transport, reports, receive, connect } = await setup();
    await connect();

    receive({ type: "accepted", runId, token: 1 }, { type: "heartbeat", at: 1 });
    await settle();

    expect(reports.calls.at(-1)).toBe("reported accepted");
    expect(transport.types.filter((type) => type === "ack" || type === "goodbye")).toEqual([]);
  });

  test("acknowledges nothing and ends when the store fails", async () => {
    const { transport, reports, receive, connect } = await setup();
    await connect();
    reports.isPatient = true;

    receive(result);
    reports.fail(new CourierError("STORE_UNAVAILABLE", "the database does not answer"));
    await until(() => transport.isClosed);

    expect(transport.types).not.toContain("ack");
    expect(transport.find("goodbye")).toMatchObject({
      code: "STORE_UNAVAILABLE",
      retryable: true,
    });
  });

  test("tells a node nothing about a defect but that there is one", async () => {
    const { transport, reports, receive, connect } = await setup();
    await connect();
    reports.isPatient = true;

    receive(result);
    reports.fail(new Error("SELECT secret FROM tokens"));
    await until(() => transport.isClosed);

    expect(transport.find("goodbye")?.code).toBe("INTERNAL");
    expect(JSON.stringify(transport.received)).not.toContain("secret");
  });

  test("acknowledges no later frame after one that could not be recorded", async () => {
    const { transport, reports, receive, connect } = await setup();
    await connect();
    reports.isPatient = true;
    receive(output(0, "lost"));
    receive(output(4, "kept"));

    reports.fail(new Error("a defect"));
    await until(() => transport.isClosed);
    reports.commit();
    await settle();

    expect(transport.types).toEqual(["challenge", "welcome", "goodbye"]);
  });

  test("takes nothing any more after its goodbye", async () => {
    const { session, reports, receive, connect } = await setup();
    await connect();
    const callsBefore = reports.calls.length;

    session.dismiss("SERVICE_DRAINING", "the service is stopping");
    receive(result);
    await settle();

    expect(reports.calls.slice(callsBefore).filter((call) => call.startsWith("reported"))).toEqual(
      [],
    );
  });

  test("delivers what is meant for any session, and for this one, but not for another", async () => {
    const { transport, bus, reports, nodeId, connect } = await setup();
    await connect();
    const sessionId = reports.sessions[0]?.sessionId ?? "";

    const topic = nodeTopic(nodeId);
    bus.publish(topic, { sessionId: "another", message: { type: "assign", runs: [] } });
    expect(transport.types).not.toContain("assign");
    bus.publish(topic, { sessionId, message: { type: "assign", runs: [] } });
    bus.publish(topic, { sessionId: null, message: { type: "stop", runs: [] } });

    expect(transport.types.slice(2)).toEqual(["assign", "stop"]);
  });

  test("reports its end once, however it is told", async () => {
    const { session, reports, nodeId, connect } = await setup();
    await connect();

    session.dismiss("SERVICE_DRAINING", "the service is stopping");
    await session.closed();
    await session.closed();

    expect(reports.calls).toEqual([`connected ${nodeId}`, `disconnected ${nodeId}`]);
  });

  test("leaves no timer and no subscription behind", async () => {
    const { session, clock, bus, connect } = await setup();
    await connect();
    expect(bus.subscriptionCount).toBe(1);

    await session.closed();

    expect(clock.pendingCount).toBe(0);
    expect(bus.subscriptionCount).toBe(0);
  });
});

describe("a session under pressure", () => {
  /** A frame of more than half of what may wait for its commit. */
  const half = Array.from({ length: 1 + Math.floor(unrecordedBytesMax / 2 / 130_000) }, () =>
    output(0, "x".repeat(97_500)),
  );

  test("stops reading while too much waits for its commit", async () => {
    const { transport, reports, receive, connect } = await setup();
    await connect();
    reports.isPatient = true;

    receive(...half);
    expect(transport.isPaused).toBe(false);
    receive(...half);
    expect(transport.isPaused).toBe(true);
    reports.commit();
    await until(() => !transport.isPaused);
  });

  test("is not silent while we do not listen, nor right after", async () => {
    const { session, clock, transport, reports, receive, connect } = await setup();
    await connect();
    reports.isPatient = true;
    receive(...half);
    receive(...half);

    await clock.advance(silenceMaxMs + 1);
    expect(session.isSilent()).toBe(false);
    reports.commit();
    await until(() => !transport.isPaused);

    expect(session.isSilent()).toBe(false);
  });

  test("is silent when nothing has been heard for too long", async () => {
    const { session, clock, connect } = await setup();
    await connect();

    await clock.advance(silenceMaxMs);
    expect(session.isSilent()).toBe(false);
    await clock.advance(1);
    expect(session.isSilent()).toBe(true);
    session.heard();
    expect(session.isSilent()).toBe(false);
  });

  test("lets go of a node that reads too slowly, and reports its departure", async () => {
    const { session, transport, bus, reports, nodeId, connect } = await setup();
    await connect();

    transport.queuedBytes = queuedBytesMax + 1;
    bus.publish(nodeTopic(nodeId), { sessionId: null, message: { type: "stop", runs: [] } });
    await session.closed();

    expect(transport.isClosed).toBe(true);
    expect(transport.types).not.toContain("stop");
    expect(reports.calls.at(-1)).toBe(`disconnected ${nodeId}`);
  });
});
