import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FleetNode } from "./survival-fleet.ts";

/** One execution of one attempt, as the node's own file tells. */
export interface Execution {
  readonly runId: string;
  readonly stepNumber: number;
  readonly attempt: number;
  readonly nodeId: string;
}

/** What was executed on a node, in order. */
export function readWitness(node: FleetNode): readonly Execution[] {
  const path = join(node.home, "witness");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => {
    const [runId = "", stepNumber, attempt] = line.split(" ");
    return { runId, stepNumber: Number(stepNumber), attempt: Number(attempt), nodeId: node.nodeId };
  });
}
