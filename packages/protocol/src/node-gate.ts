import type { Hello, RunReport } from "./node-messages.ts";
import type { ServerMessage } from "./server-messages.ts";

/**
 * What the holder of node sessions (gateway, ssh) calls; implemented by the scheduler.
 * A promise that resolves means: committed. One that rejects means: nothing was recorded, the node must resend.
 */
export interface NodeReports {
  /** A node proved its identity. Reconciles its journal with the database; assignments and stops follow on the bus. */
  connected(hello: Hello, session: NodeSession): Promise<void>;
  /** A session ended. A session that is no longer the node's latest is ignored. */
  disconnected(session: NodeSession): Promise<void>;
  /** Reports of one frame, in order. Resolves when they are committed and may be acknowledged. */
  reported(nodeId: string, reports: readonly RunReport[]): Promise<void>;
}

/** Identity of one connection of one node. */
export interface NodeSession {
  readonly nodeId: string;
  readonly sessionId: string;
  readonly remoteAddress: string;
}

/**
 * What travels on a node's topic. An assignment is meant for the session that the node had when it was decided: a later
 * session has been reconciled since, and an assignment from before that may have been cancelled meanwhile.
 */
export interface NodeDelivery {
  /** null: for whatever session the node has. */
  readonly sessionId: string | null;
  readonly message: ServerMessage;
}

/** Bus topic on which messages for one node travel to whichever replica holds its session. */
export function nodeTopic(nodeId: string): string {
  return `node.${nodeId}`;
}

/** Bus topic on which changes of one instance (counters, status, runs) are announced. */
export function instanceTopic(instanceId: string): string {
  return `instance.${instanceId}`;
}

/** Published on an instance's topic after a commit that changed it. */
export interface InstanceMoved {
  /** Runs that may have another status now. */
  readonly runIds: readonly string[];
  /** More runs moved than are named. */
  readonly isBulk: boolean;
}

/** Bus topic on which new output and step changes of one run are announced. */
export function runTopic(runId: string): string {
  return `run.${runId}`;
}

/** Bus topic that wakes the scheduler's loops: jobs may be due, instances may advance. */
export const workTopic = "work";
