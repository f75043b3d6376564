import { randomUUID } from "node:crypto";
import type { Bus } from "@courier/bus";
import {
  nodeTopic,
  type Assignment,
  type JournalledRun,
  type NodeDelivery,
  type NodeReports,
  type NodeSession,
  type RunReport,
  type RunResult,
  type Stop,
} from "@courier/protocol";

/** One node as the scheduler sees it: the test says what it reports. */
export class BenchAgent {
  readonly nodeId: string;
  /** Every run that was ever assigned to it, in order of arrival, repeats included. */
  readonly assigned: Assignment[] = [];
  readonly stops: Stop["runs"][number][] = [];
  /** The size of every message that it got, bytes. */
  readonly messageBytes: number[] = [];
  journalId: string = randomUUID();
  session: NodeSession | undefined;
  readonly #bus: Bus;
  readonly #reports: NodeReports;
  #unsubscribe: () => void = () => undefined;

  constructor(options: {
    readonly nodeId: string;
    readonly bus: Bus;
    readonly reports: NodeReports;
  }) {
    this.nodeId = options.nodeId;
    this.#bus = options.bus;
    this.#reports = options.reports;
  }

  /** Connects with what its journal holds; resolves when that is reconciled. */
  async connect(runs: readonly JournalledRun[] = []): Promise<void> {
    const session = { nodeId: this.nodeId, sessionId: randomUUID(), remoteAddress: "" };
    this.#unsubscribe();
    this.#unsubscribe = this.#bus.subscribe(nodeTopic(this.nodeId), (data) => {
      // On a node's topic the scheduler publishes nothing but deliveries.
      const { sessionId, message } = data as NodeDelivery;
      if (sessionId !== null && sessionId !== session.sessionId) return;
      this.messageBytes.push(Buffer.byteLength(JSON.stringify(message)));
      if (message.type === "assign") this.assigned.push(...message.runs);
      if (message.type === "stop") this.stops.push(...message.runs);
    });
    this.session = session;
    await this.#reports.connected(this.#hello(runs), session);
  }

  /** Loses its connection. */
  async disconnect(): Promise<void> {
    this.#unsubscribe();
    const { session } = this;
    this.session = undefined;
    if (session !== undefined) await this.#reports.disconnected(session);
  }

  /** Resolves when the service has committed the reports. */
  async report(...reports: RunReport[]): Promise<void> {
    await this.#reports.reported(this.nodeId, reports);
  }

  async start(runId: string, token: number = 1): Promise<void> {
    await this.report({ type: "started", runId, token, at: 1 });
  }

  async finish(
    runId: string,
    status: RunResult["status"] = "success",
    token: number = 1,
  ): Promise<void> {
    const finished = { startedAt: 1, finishedAt: 2, steps: [] };
    await this.report({ type: "result", runId, token, status, reason: "", ...finished });
  }

  /** The latest run that was assigned. */
  get latest(): Assignment {
    const run = this.assigned.at(-1);
    if (run === undefined) throw new Error("nothing has been assigned to this node");
    return run;
  }

  #hello(runs: readonly JournalledRun[]): Parameters<NodeReports["connected"]>[0] {
    return {
      type: "hello",
      protocolVersion: 1,
      nodeId: this.nodeId,
      signature: "",
      nonce: "",
      agentVersion: "0.1.0",
      bootId: "boot",
      journalId: this.journalId,
      maxConcurrentRuns: 1,
      attributes: {},
      runs,
    };
  }
}
