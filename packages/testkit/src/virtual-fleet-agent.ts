import { randomBytes, sign } from "node:crypto";
import {
  challengeText,
  frameBytesMax,
  type Ack,
  type Assignment,
  type Challenge,
  type ServerMessage,
  type Stop,
} from "@courier/protocol";
import { WebSocket } from "ws";
import {
  helloFrame,
  outputMessage,
  resultMessage,
  startedMessages,
  stoppedMessage,
} from "./virtual-fleet-frames.ts";
import type { FleetLedger } from "./virtual-fleet-ledger.ts";
import type { VirtualNode } from "./virtual-fleet-nodes.ts";

/** What virtual agents do with a run. */
export interface VirtualBehaviour {
  /** 0: everything is told in one frame at once. `held`: the run goes on until the fleet is told to release it. */
  readonly durationMs: number | "held";
  /** Bytes that the first step writes to its standard output. */
  readonly outputBytes: number;
}

/** What an agent is told by its fleet. */
export interface AgentSurroundings {
  readonly url: string;
  readonly ledger: FleetLedger;
  behaviour(): VirtualBehaviour;
  /** The connection of an agent that was welcome has ended. */
  lost(agent: VirtualAgent): void;
}

/** How a connection attempt failed. */
export class VirtualAgentRefused extends Error {
  /** Whether coming back makes sense. */
  readonly isFinal: boolean;

  constructor(message: string, isFinal: boolean) {
    super(message);
    this.isFinal = isFinal;
  }
}

/** A run from its arrival until its result is acknowledged; `result` is kept for sending it again. */
interface VirtualRun {
  readonly runId: string;
  readonly token: number;
  readonly jobId: string;
  readonly stepCount: number;
  readonly startedAt: number;
  result: string | undefined;
}

/** One node's agent: keeps a run until it is acknowledged, but executes nothing and writes nothing to disk. */
export class VirtualAgent {
  readonly #node: VirtualNode;
  readonly #surroundings: AgentSurroundings;
  readonly #runs = new Map<string, VirtualRun>();
  #socket: WebSocket | undefined;
  #isWelcome = false;
  #settle: ((refusal: VirtualAgentRefused | undefined) => void) | undefined;

  constructor(node: VirtualNode, surroundings: AgentSurroundings) {
    this.#node = node;
    this.#surroundings = surroundings;
  }

  get isConnected(): boolean {
    return this.#isWelcome;
  }

  /** Resolves when the service has welcomed the agent; rejects with VirtualAgentRefused. */
  connect(): Promise<void> {
    const socket = new WebSocket(this.#surroundings.url, {
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
      // A mask of zeros is valid and saves the fleet a copy of every frame; the service unmasks as always.
      generateMask: leaveZeros,
    });
    this.#socket = socket;
    socket.on("message", (data) => {
      // `ws` hands over one buffer unless told otherwise.
      if (Buffer.isBuffer(data)) this.#receive(data.toString());
    });
    // The close event that follows tells what to do about it.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#closed());
    return new Promise((resolve, reject) => {
      this.#settle = (refusal) => {
        this.#settle = undefined;
        if (refusal === undefined) resolve();
        else reject(refusal);
      };
    });
  }

  /** Sends a frame that is ready, such as a heartbeat. */
  send(frame: string): void {
    if (this.#isWelcome) this.#socket?.send(frame);
  }

  /** Ends the runs that have not ended, of all jobs or of one. */
  release(jobId?: string): void {
    for (const run of this.#runs.values()) {
      if (jobId === undefined || run.jobId === jobId) this.#finish(run);
    }
  }

  /** Breaks the connection as a crash would. */
  terminate(): void {
    this.#socket?.terminate();
  }

  #closed(): void {
    const wasWelcome = this.#isWelcome;
    this.#isWelcome = false;
    this.#socket = undefined;
    this.#settle?.(new VirtualAgentRefused("the connection was closed", false));
    if (wasWelcome) this.#surroundings.lost(this);
  }

  #receive(text: string): void {
    // The service validates what it sends in its own tests; checking it again would cost more than all the rest.
    for (const message of JSON.parse(text) as readonly ServerMessage[]) {
      if (message.type === "assign") for (const run of message.runs) this.#take(run);
      else if (message.type === "ack") this.#forget(message);
      else if (message.type === "stop") this.#stop(message);
      else if (message.type === "challenge") this.#greet(message);
      else if (message.type === "welcome") this.#welcomed();
      else this.#settle?.(new VirtualAgentRefused(message.reason, !message.retryable));
    }
  }

  #greet({ nonce: serverNonce }: Challenge): void {
    const { nodeId, privateKey } = this.#node;
    const nonce = randomBytes(24).toString("base64");
    const text = challengeText({ serverNonce, nodeNonce: nonce, nodeId });
    const signature = sign(null, Buffer.from(text), privateKey).toString("base64");
    const runs = [...this.#runs.values()].map(({ runId, token, result }) => {
      return {
        runId,
        token,
        state: result === undefined ? ("running" as const) : ("ended" as const),
      };
    });
    this.#socket?.send(helloFrame({ nodeId, nonce, signature, runs }));
  }

  #welcomed(): void {
    this.#isWelcome = true;
    this.#settle?.(undefined);
    for (const { result } of this.#runs.values()) {
      if (result !== undefined) this.send(`[${result}]`);
    }
  }

  #take(assignment: Assignment): void {
    const { ledger } = this.#surroundings;
    const { runId, token, jobId } = assignment;
    const known = this.#runs.get(runId);
    if (known !== undefined) {
      ledger.countRepeated(jobId);
      this.send(`[${known.result ?? startedMessages(known, known.startedAt)}]`);
      return;
    }
    const startedAt = Date.now();
    const stepCount = assignment.steps.length;
    const run = { runId, token, jobId, stepCount, startedAt, result: undefined };
    this.#runs.set(runId, run);
    ledger.countAssigned(jobId, startedAt);
    this.#execute(run);
  }

  #execute(run: VirtualRun): void {
    const { durationMs } = this.#surroundings.behaviour();
    const started = startedMessages(run, run.startedAt);
    if (durationMs === 0) {
      this.#finish(run, `${started},`);
      return;
    }
    this.send(`[${started}]`);
    if (durationMs !== "held") setTimeout(() => this.#finish(run), durationMs).unref();
  }

  /** Reports the result; `before` are messages that go ahead of it in the same frame. */
  #finish(run: VirtualRun, before = ""): void {
    if (run.result !== undefined || !this.#runs.has(run.runId)) return;
    const { outputBytes } = this.#surroundings.behaviour();
    const times = { startedAt: run.startedAt, finishedAt: Date.now(), outputBytes };
    const output = outputBytes === 0 ? "" : `${outputMessage(run, outputOf(outputBytes))},`;
    run.result = output + resultMessage(run, times);
    this.send(`[${before}${run.result}]`);
  }

  #stop({ runs }: Stop): void {
    for (const { runId, token, outcome } of runs) {
      const run = this.#runs.get(runId);
      const result = stoppedMessage(
        { runId, token, stepCount: 0 },
        { outcome, finishedAt: Date.now() },
      );
      if (run !== undefined) run.result ??= result;
      this.send(`[${run?.result ?? result}]`);
    }
  }

  #forget({ results }: Ack): void {
    const now = Date.now();
    for (const runId of results) {
      const run = this.#runs.get(runId);
      if (run === undefined) continue;
      this.#runs.delete(runId);
      this.#surroundings.ledger.countAcknowledged(run.jobId, now);
    }
  }
}

function leaveZeros(mask: Buffer): void {
  mask.fill(0);
}

function outputOf(bytes: number): string {
  return Buffer.alloc(bytes, "courier ").toString("base64");
}
