import { randomUUID } from "node:crypto";
import type { Clock } from "@courier/core";
import type { NodeReports, NodeSession, RunReport, StepReport } from "@courier/protocol";
import { findRun, type Database } from "@courier/store";
import { at } from "./api-json.ts";

/** What a stand-in needs of the test's world. */
export interface NodeHost {
  readonly clock: Clock;
  readonly scheduler: NodeReports;
  readonly db: Database;
  token(role: "viewer"): Promise<string>;
  send(method: string, path: string, asked: { token: string }): Promise<{ readonly json: unknown }>;
  until<Seen>(look: () => Promise<Seen>, wanted: (seen: Seen) => boolean): Promise<Seen>;
  settle(work: Promise<void>): Promise<void>;
}

/** Speaks to the scheduler as a node's session does, without a node. */
export class NodeStandIn {
  readonly nodeId: string;
  readonly #host: NodeHost;
  readonly #session: NodeSession;

  constructor(nodeId: string, host: NodeHost) {
    this.nodeId = nodeId;
    this.#host = host;
    this.#session = { nodeId, sessionId: randomUUID(), remoteAddress: "127.0.0.1" };
  }

  /** Comes online with an empty journal. */
  async connect(): Promise<void> {
    const { scheduler } = this.#host;
    await this.#host.settle(
      scheduler.connected(
        {
          type: "hello",
          protocolVersion: 1,
          nodeId: this.nodeId,
          signature: "",
          nonce: "",
          agentVersion: "9.9.9",
          bootId: "boot",
          journalId: "journal",
          maxConcurrentRuns: 1,
          attributes: { agent: { os: "linux" } },
          runs: [],
        },
        this.#session,
      ),
    );
  }

  /** Goes away. */
  async disconnect(): Promise<void> {
    await this.#host.settle(this.#host.scheduler.disconnected(this.#session));
  }

  /** Reports something about a run and waits for the commit. */
  async report(...reports: readonly RunReport[]): Promise<void> {
    await this.#host.settle(this.#host.scheduler.reported(this.nodeId, reports));
  }

  /** The node's only run of an instance, once it is dispatched to it. */
  async runOf(instanceId: string): Promise<{ runId: string; token: number }> {
    const token = await this.#host.token("viewer");
    const path = `/courier/state-api/v1/instances/${instanceId}/runs?nodeId=${this.nodeId}`;
    const answer = await this.#host.until(
      () => this.#host.send("GET", path, { token }),
      ({ json }) => at(json, "items", 0, "status") === "dispatched",
    );
    const runId = String(at(answer.json, "items", 0, "runId"));
    const run = await findRun(this.#host.db, runId);
    return { runId, token: run?.token ?? 0 };
  }

  /** Executes a run in no time: started, one step, some output, success. */
  async succeed(run: { readonly runId: string; readonly token: number }): Promise<void> {
    await this.report(
      { type: "started", ...run, at: this.#host.clock.now() },
      this.output(run, { offset: 0, text: "hello\n" }),
      this.result(run),
    );
  }

  /** Begins a run whose first step restarts the machine. */
  async beginRestart(run: { readonly runId: string; readonly token: number }): Promise<void> {
    const now = this.#host.clock.now();
    const active = { status: "active", exitCode: null, finishedAt: null } as const;
    await this.report(
      { type: "started", ...run, at: now },
      { type: "step", ...run, step: { ...finishedStep(now), ...active } },
    );
  }

  /** Executes a run in no time, and fails: started, a step that says why, failure. */
  async fail(
    run: { readonly runId: string; readonly token: number },
    { stderr, exitCode }: { readonly stderr: string; readonly exitCode: number },
  ): Promise<void> {
    const now = this.#host.clock.now();
    const reason = `exit code ${exitCode}`;
    const failed = { status: "failure", exitCode, reason } as const;
    await this.report(
      { type: "started", ...run, at: now },
      { ...this.output(run, { offset: 0, text: stderr }), stream: "stderr" } as RunReport,
      {
        ...{ type: "result", ...run, status: "failure", reason: `step 1 "sleep": ${reason}` },
        ...{ startedAt: now, finishedAt: now },
        steps: [{ ...finishedStep(now), ...failed }],
      },
    );
  }

  /** A piece of standard output of the first step. */
  output(
    run: { readonly runId: string; readonly token: number },
    piece: { readonly offset: number; readonly text: string },
  ): RunReport {
    return {
      type: "output",
      ...run,
      stepNumber: 1,
      attempt: 1,
      stream: "stdout",
      offset: piece.offset,
      data: Buffer.from(piece.text).toString("base64"),
    };
  }

  /** The successful end of a run. */
  result(run: { readonly runId: string; readonly token: number }): RunReport {
    const now = this.#host.clock.now();
    const steps = [finishedStep(now)];
    return {
      type: "result",
      ...run,
      status: "success",
      reason: "",
      startedAt: now,
      finishedAt: now,
      steps,
    };
  }
}

function finishedStep(now: number): StepReport {
  return {
    stepNumber: 1,
    status: "success",
    attemptCount: 1,
    exitCode: 0,
    reason: "",
    interpreterPath: "/bin/bash",
    interpreterVersion: "5.2",
    startedAt: now,
    finishedAt: now,
    outputBytes: 6,
    outputDroppedBytes: 0,
  };
}
