import { createInterface } from "node:readline";
import { openDatabase, type DatabaseOptions } from "@courier/store";
import { VirtualFleet } from "./virtual-fleet.ts";
import type { VirtualBehaviour } from "./virtual-fleet-agent.ts";
import type { JobGoal } from "./virtual-fleet-ledger.ts";
import {
  enrolVirtualNodes,
  enrolVirtualNodesOverHttp,
  type VirtualNode,
  type VirtualNodeRange,
} from "./virtual-fleet-nodes.ts";

/** One line on standard input of a fleet process. */
export type FleetCommand = { readonly id: number; readonly timeoutMs?: number } & (
  | ({ readonly do: "enrol"; readonly database: DatabaseOptions } & VirtualNodeRange)
  | ({
      readonly do: "enrol-over-http";
      readonly url: string;
      readonly token: string;
    } & VirtualNodeRange)
  | { readonly do: "start"; readonly url: string; readonly behaviour?: VirtualBehaviour }
  | { readonly do: "connected"; readonly count: number }
  | { readonly do: "behave"; readonly behaviour: VirtualBehaviour }
  | { readonly do: "reached"; readonly goal: JobGoal }
  | { readonly do: "tally"; readonly jobId: string }
  | { readonly do: "stats" }
  | { readonly do: "release"; readonly jobId?: string }
  | { readonly do: "stop" }
);

const timeoutDefaultMs = 120_000;

/** Serves a fleet to a parent process: commands as JSON lines on stdin, one answer per line and command on stdout. */
export async function serveFleet(): Promise<void> {
  const seat = new FleetSeat();
  for await (const line of createInterface({ input: process.stdin })) {
    // Only our own benchmarks and tests write these lines.
    void answer(seat, JSON.parse(line) as FleetCommand);
  }
  process.exit(0);
}

async function answer(seat: FleetSeat, command: FleetCommand): Promise<void> {
  const { id } = command;
  try {
    const result = (await seat.follow(command)) ?? null;
    process.stdout.write(`${JSON.stringify({ id, ok: true, result })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, ok: false, error: String(error) })}\n`);
  }
}

class FleetSeat {
  #nodes: readonly VirtualNode[] = [];
  #fleet: VirtualFleet | undefined;

  async follow(command: FleetCommand): Promise<unknown> {
    const signal = AbortSignal.timeout(command.timeoutMs ?? timeoutDefaultMs);
    switch (command.do) {
      case "enrol":
        return this.#enrol(command);
      case "enrol-over-http":
        this.#nodes = await enrolVirtualNodesOverHttp(command, command);
        return this.#nodes.map((node) => node.name);
      case "start":
        this.#fleet = new VirtualFleet({ ...command, nodes: this.#nodes });
        return this.#fleet.start(signal);
      case "connected":
        return this.#open().connected(command.count, signal);
      case "behave":
        this.#open().behaviour = command.behaviour;
        return null;
      case "reached":
        return this.#open().reached(command.goal, signal);
      case "tally":
        return this.#open().ledger.tally(command.jobId);
      case "stats":
        return { ...this.#open().stats(), rssBytes: process.memoryUsage.rss() };
      case "release":
        this.#open().release(command.jobId);
        return null;
      case "stop":
        return this.#fleet?.stop();
    }
  }

  async #enrol({
    database,
    ...range
  }: { readonly database: DatabaseOptions } & VirtualNodeRange): Promise<string[]> {
    const db = await openDatabase(database);
    try {
      this.#nodes = await enrolVirtualNodes(db, range);
    } finally {
      await db.close();
    }
    return this.#nodes.map((node) => node.name);
  }

  #open(): VirtualFleet {
    if (this.#fleet === undefined) throw new Error("the fleet has not been started");
    return this.#fleet;
  }
}
