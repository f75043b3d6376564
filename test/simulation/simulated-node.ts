import { sign, type KeyObject } from "node:crypto";
import type { Clock, Timer } from "@courier/core";
import {
  challengeText,
  decodeServerFrame,
  encodeFrame,
  protocolVersion,
  type Assignment,
  type NodeMessage,
  type RunResult,
  type ServerMessage,
  type StopOutcome,
} from "@courier/protocol";
import type { Random } from "./random.ts";
import type { SimulatedLink } from "./simulated-link.ts";

/** What a journal on disk knows about one run; survives crashes of the node. */
interface JournalEntry {
  readonly runId: string;
  readonly token: number;
  state: "accepted" | "running" | "ended" | "forgotten";
  stop: StopOutcome | undefined;
  result: RunResult | undefined;
  /** Bytes the step has written, and how many of them the service has acknowledged. */
  outputBytes: number;
  ackedBytes: number;
  endsAt: number;
}

/** What a simulated node tells its observer. */
export interface NodeObserver {
  /** An attempt is about to be executed. */
  executing(nodeId: string, runId: string, token: number): void;
  /** The service has acknowledged output up to this many bytes. */
  outputAcked(runId: string, bytes: number): void;
}

/** Bytes that a simulated step writes. */
const stepOutputBytes = 10;

/**
 * A node agent reduced to its promises: journal before execution, one execution per (run, token), result and output
 * kept until acknowledged, one run at a time. Its process and its connection can be taken away at any moment.
 */
export class SimulatedNode {
  readonly nodeId: string;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #privateKey: KeyObject;
  readonly #observer: NodeObserver;
  readonly #journal = new Map<string, JournalEntry>();
  #journalId: string;
  #link: SimulatedLink | undefined;
  #isWelcome = false;
  #isUp = true;
  #stepTimer: Timer | undefined;

  constructor(options: {
    readonly nodeId: string;
    readonly random: Random;
    readonly clock: Clock;
    readonly privateKey: KeyObject;
    readonly observer: NodeObserver;
  }) {
    this.nodeId = options.nodeId;
    this.#random = options.random;
    this.#clock = options.clock;
    this.#privateKey = options.privateKey;
    this.#observer = options.observer;
    this.#journalId = options.random.uuid();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isConnected(): boolean {
    return this.#link?.isOpen === true;
  }

  get link(): SimulatedLink | undefined {
    return this.#link;
  }

  attach(link: SimulatedLink): void {
    this.#link = link;
    this.#isWelcome = false;
  }

  /** Kills the agent; its steps go on without it. */
  crash(): void {
    this.#isUp = false;
    this.#stepTimer?.cancel();
    this.#link?.cut();
  }

  /** Starts the agent again; `isDiskLost`: with an empty journal. */
  restart(isDiskLost: boolean): void {
    this.#isUp = true;
    if (isDiskLost) {
      this.#journal.clear();
      this.#journalId = this.#random.uuid();
    }
    this.#work();
  }

  receive(frame: string): void {
    if (!this.#isUp) return;
    const decoded = decodeServerFrame(frame);
    if (!decoded.ok) throw new Error(`the service sent a bad frame: ${decoded.reason}`);
    for (const message of decoded.messages) this.#take(message);
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "challenge":
        this.#answer(message.nonce);
        break;
      case "welcome":
        this.#isWelcome = true;
        for (const entry of this.#journal.values()) this.#report(entry);
        break;
      case "assign":
        for (const run of message.runs) this.#accept(run);
        this.#work();
        break;
      case "stop":
        for (const { runId, token, outcome } of message.runs) this.#stop(runId, token, outcome);
        this.#work();
        break;
      case "ack":
        for (const { runId, nextOffset } of message.output) this.#ackOutput(runId, nextOffset);
        for (const runId of message.results) this.#forget(runId);
        break;
      case "goodbye":
        break;
    }
  }

  #answer(serverNonce: string): void {
    const nonce = this.#random.uuid();
    const text = challengeText({ serverNonce, nodeNonce: nonce, nodeId: this.nodeId });
    this.#send([
      {
        type: "hello",
        protocolVersion,
        nodeId: this.nodeId,
        signature: sign(null, Buffer.from(text), this.#privateKey).toString("base64"),
        nonce,
        agentVersion: "0.0.0",
        bootId: "boot",
        journalId: this.#journalId,
        maxConcurrentRuns: 1,
        attributes: {},
        runs: [...this.#journal.values()].flatMap(({ runId, token, state }) =>
          state === "forgotten" ? [] : [{ runId, token, state }],
        ),
      },
    ]);
  }

  #accept(run: Assignment): void {
    const known = this.#journal.get(run.runId);
    if (known === undefined) this.#write(run.runId, run.token);
    else if (known.state === "ended") this.#report(known);
    this.#send([{ type: "accepted", runId: run.runId, token: run.token }]);
  }

  #write(runId: string, token: number): JournalEntry {
    const entry: JournalEntry = {
      runId,
      token,
      state: "accepted",
      stop: undefined,
      result: undefined,
      outputBytes: 0,
      ackedBytes: 0,
      endsAt: 0,
    };
    this.#journal.set(runId, entry);
    return entry;
  }

  #stop(runId: string, token: number, outcome: StopOutcome): void {
    const entry = this.#journal.get(runId) ?? this.#write(runId, token);
    if (entry.state === "ended") this.#report(entry);
    if (entry.state === "accepted") this.#end(entry, outcome);
    if (entry.state === "running") {
      entry.stop = outcome;
      entry.endsAt = Math.min(
        entry.endsAt,
        this.#clock.monotonicMs() + this.#random.between(0, 500),
      );
    }
  }

  /** Executes one run at a time; a step that was running when the agent died is found again. */
  #work(): void {
    if (!this.#isUp) return;
    this.#stepTimer?.cancel();
    const entry = this.#current() ?? this.#begin();
    if (entry === undefined) return;
    const delayMs = Math.max(0, entry.endsAt - this.#clock.monotonicMs());
    this.#stepTimer = this.#clock.setTimer(delayMs, () => {
      this.#end(entry, entry.stop ?? (this.#random.chance(0.15) ? "failure" : "success"));
      this.#work();
    });
  }

  #current(): JournalEntry | undefined {
    return [...this.#journal.values()].find((entry) => entry.state === "running");
  }

  #begin(): JournalEntry | undefined {
    const entry = [...this.#journal.values()].find(({ state }) => state === "accepted");
    if (entry === undefined) return undefined;
    entry.state = "running";
    entry.endsAt = this.#clock.monotonicMs() + this.#random.between(0, 4000);
    this.#observer.executing(this.nodeId, entry.runId, entry.token);
    const { runId, token } = entry;
    this.#send([{ type: "started", runId, token, at: this.#clock.now() }]);
    return entry;
  }

  #end(entry: JournalEntry, status: RunResult["status"]): void {
    const hasRun = entry.state === "running";
    entry.state = "ended";
    entry.outputBytes = hasRun ? stepOutputBytes : 0;
    entry.result = {
      type: "result",
      runId: entry.runId,
      token: entry.token,
      status,
      reason: "",
      startedAt: null,
      finishedAt: this.#clock.now(),
      steps: [],
    };
    this.#report(entry);
  }

  /** The end of the output is acknowledged before the result is sent. */
  #report(entry: JournalEntry): void {
    if (entry.state !== "ended" || entry.result === undefined) return;
    if (entry.ackedBytes >= entry.outputBytes) {
      this.#send([entry.result]);
      return;
    }
    const { runId, token, ackedBytes: offset } = entry;
    const data = Buffer.alloc(entry.outputBytes - offset, "x").toString("base64");
    this.#send([
      { type: "output", runId, token, stepNumber: 1, attempt: 1, stream: "stdout", offset, data },
    ]);
  }

  #ackOutput(runId: string, nextOffset: number): void {
    const entry = this.#journal.get(runId);
    if (entry === undefined) return;
    entry.ackedBytes = Math.max(entry.ackedBytes, nextOffset);
    this.#observer.outputAcked(runId, entry.ackedBytes);
    this.#report(entry);
  }

  #forget(runId: string): void {
    const entry = this.#journal.get(runId);
    if (entry !== undefined) entry.state = "forgotten";
  }

  #send(messages: readonly NodeMessage[]): void {
    const isHello = messages[0]?.type === "hello";
    if (this.#isUp && (isHello || this.#isWelcome)) this.#link?.sendToServer(encodeFrame(messages));
  }
}
