import { validateBody } from "@courier/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeNodeFrame, decodeServerFrame, encodeFrame } from "./frame.ts";
import { frameBytesMax } from "./limits.ts";
import type { NodeMessage, StepReport } from "./node-messages.ts";
import type { ServerMessage } from "./server-messages.ts";

const runId = "496f0d9a-f0be-4cb7-8cbb-2285b5c42045";

const step: StepReport = {
  stepNumber: 1,
  status: "success",
  attemptCount: 1,
  exitCode: 0,
  reason: "",
  interpreterPath: "/bin/bash",
  interpreterVersion: "1.0.0",
  startedAt: 1_795_361_767_373,
  finishedAt: 1_795_361_767_473,
  outputBytes: 6,
  outputDroppedBytes: 0,
};

/** One valid message of each type: a type that is missing here does not compile. */
const nodeMessages: { readonly [Type in NodeMessage["type"]]: NodeMessage & { type: Type } } = {
  hello: {
    type: "hello",
    protocolVersion: 1,
    nodeId: "03ba18c0-68b2-43ba-93fd-b6952443421e",
    signature: "c2ln",
    nonce: "bm9uY2U=",
    agentVersion: "0.1.0",
    bootId: "boot",
    journalId: "journal",
    maxConcurrentRuns: 1,
    attributes: { agent: { os: "linux" } },
    runs: [{ runId, token: 1, state: "running" }],
  },
  heartbeat: { type: "heartbeat", at: 1_795_361_767_373 },
  accepted: { type: "accepted", runId, token: 1 },
  started: { type: "started", runId, token: 1, at: 1_795_361_767_373 },
  step: { type: "step", runId, token: 1, step: { ...step, exitCode: null, finishedAt: null } },
  output: {
    type: "output",
    runId,
    token: 1,
    stepNumber: 1,
    attempt: 1,
    stream: "stderr",
    offset: 0,
    data: "aGVsbG8K",
  },
  result: {
    type: "result",
    runId,
    token: 1,
    status: "failure",
    reason: "step 1 failed",
    startedAt: null,
    finishedAt: 1_795_361_767_473,
    steps: [step],
  },
};

const serverMessages: {
  readonly [Type in ServerMessage["type"]]: ServerMessage & { type: Type };
} = {
  challenge: { type: "challenge", protocolVersion: 1, nonce: "bm9uY2U=" },
  welcome: { type: "welcome", signature: "c2ln", serverTime: 1, heartbeatIntervalMs: 15_000 },
  assign: { type: "assign", runs: [] },
  stop: { type: "stop", runs: [{ runId, token: 1, outcome: "canceled" }] },
  ack: {
    type: "ack",
    results: [runId],
    output: [{ runId, stepNumber: 1, attempt: 1, stream: "stdout", nextOffset: 6 }],
  },
  goodbye: { type: "goodbye", code: "NODE_UNKNOWN", reason: "no such node", retryable: false },
};

/** The reason for refusing what a node sent. */
function refusal(frame: unknown): string {
  const decoded = decodeNodeFrame(typeof frame === "string" ? frame : JSON.stringify(frame));
  return decoded.ok ? "it was accepted" : decoded.reason;
}

describe("a valid frame comes out as it went in", () => {
  test.each(Object.entries(nodeMessages))("from a node: %s", (_type, message) => {
    expect(decodeNodeFrame(encodeFrame([message]))).toEqual({ ok: true, messages: [message] });
  });

  test.each(Object.entries(serverMessages))("from the service: %s", (_type, message) => {
    expect(decodeServerFrame(encodeFrame([message]))).toEqual({ ok: true, messages: [message] });
  });

  test("keeps the order of its messages", () => {
    const messages = [nodeMessages.accepted, nodeMessages.started, nodeMessages.result];

    expect(decodeNodeFrame(encodeFrame(messages))).toEqual({ ok: true, messages });
  });

  test("may be empty", () => {
    expect(decodeNodeFrame("[]")).toEqual({ ok: true, messages: [] });
  });

  test("carries any text, also what is not ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 500 }), (reason) => {
        const messages = [{ ...nodeMessages.result, reason }];

        expect(decodeNodeFrame(encodeFrame(messages))).toEqual({ ok: true, messages });
      }),
    );
  });
});

describe("a frame from a node is refused with one sentence", () => {
  test.each([
    ["nothing", "", "the frame is not JSON: SyntaxError: Unexpected end of JSON input"],
    ["half a frame", '[{"type":"heart', /^the frame is not JSON: SyntaxError: Unterminated/],
    ["no list", {}, "the frame expected a list, found an object"],
    ["null", null, "the frame expected a list, found nothing (null)"],
    ["a list in a list", [[]], "/0: expected an object, found a list"],
    ["a message without a type", [{}], '/0: required field "type" is missing'],
    ["a type that is no text", [{ type: { a: 1 } }], '/0: tag "type" must be string'],
    ["an unknown message", [{ type: "nope" }], '/0: value of tag "type" must be in oneOf'],
    ["a message of the service", [serverMessages.goodbye], /^\/0: /],
    ["a field of the wrong type", [{ type: "heartbeat", at: "now" }], /^\/0\/at: expected a whole/],
    ["a number out of range", [{ type: "heartbeat", at: -1 }], /^\/0\/at: /],
    ["a number that is no integer", '[{"type":"heartbeat","at":1.5}]', /^\/0\/at: /],
    ["a number beyond all bounds", '[{"type":"heartbeat","at":1e400}]', /^\/0\/at: /],
    ["a missing field", [{ type: "heartbeat" }], '/0: required field "at" is missing'],
    [
      "an unknown field",
      [{ type: "heartbeat", at: 1, att: 1 }],
      '/0/att: unknown field "att", did you mean "at"?',
    ],
    ["a token of zero", [{ ...nodeMessages.accepted, token: 0 }], /^\/0\/token: /],
    [
      "an outcome that only the service gives",
      [{ ...nodeMessages.result, status: "skipped" }],
      /^\/0\/status: /,
    ],
    ["an error in a later message", [nodeMessages.heartbeat, { type: "heartbeat" }], /^\/1: /],
    [
      "too long a reason",
      [{ ...nodeMessages.result, reason: "x".repeat(4097) }],
      /4097 characters/,
    ],
  ] as const)("%s", (_name, frame, reason) => {
    if (typeof reason === "string") expect(refusal(frame)).toBe(reason);
    else expect(refusal(frame)).toMatch(reason);
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "that names %s as its type or as a field",
    (name) => {
      expect(refusal(`[{"type":"${name}"}]`)).toContain("/0: ");
      expect(refusal(`[{"type":"heartbeat","at":1,"${name}":{"polluted":1}}]`)).toContain(
        `unknown field "${name}"`,
      );
      expect(Reflect.get({}, "polluted")).toBeUndefined();
    },
  );

  test("however deep it is nested", () => {
    const depth = 100_000;
    const deep = "[".repeat(depth) + "]".repeat(depth);

    expect(refusal(deep)).toBe("/0: expected an object, found a list");
    expect(refusal(`[{"type":"heartbeat","at":${deep}}]`)).toContain("/0/at: ");
  });

  test("after a look at its length alone when it has too many messages", () => {
    const count = Math.floor((frameBytesMax - 1) / 3);
    const frame = `[${Array.from({ length: count }, () => "{}").join()}]`;

    expect(refusal(frame)).toBe(`the frame has ${count} entries, at most 10000 are allowed`);
  });

  test("at its first mistake, because to gather all of them takes quadratic time", () => {
    const wrong = Array.from({ length: 1000 }, () => ({ type: "heartbeat", at: -1, extra: 1 }));

    const checked = validateBody("node-frame", wrong);

    expect(checked.ok ? [] : checked.problems).toHaveLength(1);
  });

  test("and never with an exception, whatever it holds", () => {
    const anyKey = fc.constantFrom("type", "at", "runId", "token", "steps", "step", "__proto__");
    const anyLeaf = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(...Object.keys(nodeMessages), ...Object.values(nodeMessages)),
    );
    fc.assert(
      fc.property(fc.array(fc.dictionary(anyKey, anyLeaf)), (messages) => {
        const decoded = decodeNodeFrame(JSON.stringify(messages));

        if (!decoded.ok) expect(decoded.reason.length).toBeGreaterThan(5);
      }),
    );
  });
});

test("a node refuses what only nodes send", () => {
  expect(decodeServerFrame(encodeFrame([nodeMessages.heartbeat])).ok).toBe(false);
});
