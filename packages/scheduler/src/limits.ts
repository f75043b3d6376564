import { frameBytesMax } from "@courier/protocol";

/** Assignments in one message to a node, bytes; leaves room for what else is in its frame. */
export const messageBytesMax: number = frameBytesMax / 2;

/** Jobs fired in one transaction. */
export const dueJobsPerTurn = 100;

/** Starts that wait, and jobs whose next time is computed again, in one transaction. */
export const waitingStartsPerTurn = 20;
export const recalculatedPerTurn = 200;

/** How long a transaction computes next times, ms; what is left is done in the next one. */
export const recalculationBudgetMs = 50;

/** How often jobs are looked for whose next time has to be computed again, ms. */
export const recalculationIntervalMs = 1_000;

/** Runs of one group claimed or ended in one transaction; more are taken in the next turn. */
export const runsPerGroupTurn = 1000;

/** Instances advanced in one transaction. */
export const instancesPerTurn = 50;

/** Node frames recorded in one transaction. */
export const framesPerTurn = 2000;

/** How long reports gather before they are written when some have just been, ms. */
export const gatherMs = 3;

/** The same when there were as many as `framesOfLoad` the last time: a commit costs more than its contents, ms. */
export const gatherUnderLoadMs = 10;
export const framesOfLoad = 4;

/** How often due jobs are looked for when nothing wakes the loop, ms. */
export const fireIntervalMs = 250;

/** How often deadlines are looked at, ms. */
export const expireIntervalMs = 200;

/** How often the rescuer looks for what has been left behind, ms. */
export const rescueIntervalMs = 5_000;

/** How often every open instance is looked at again, ms: a lost wake-up costs at most this. */
export const sweepIntervalMs = 30_000;

/** Rows that the rescuer and the expirer take at a time. */
export const rescueBatch = 500;

/** A dispatched run that its online node has not started after this is sent again, ms. */
export const redeliverAfterMs = 15_000;

/** How long a node may take to confirm a stop before the service decides alone, ms. Longer than the node's own grace. */
export const stopGraceMs = 45_000;

/** A node that executes a run and stays away longer than this leaves the run `unknown`, ms. */
export const lostAfterMs: number = 60 * 60 * 1000;

/** After a start, nodes get this long to come back before `offlinePolicy` counts them as offline, ms. */
export const presenceGraceMs = 10_000;

/** How often a group that waits for its quorum is looked at, ms. */
export const quorumIntervalMs = 500;

/** How often runs that wait for a disruption budget are looked at, ms: what other processes give back is found then. */
export const budgetIntervalMs = 1_000;

/** How long the count of the nodes that a disruption budget is about may be used, ms. */
export const budgetCountedMs = 15_000;

/** Instances that are looked at when a disruption budget has room again. */
export const heldInstancesPerTurn = 20;

/** Action specifications kept in memory for assignments. */
export const actionSpecsCached = 500;

/** Ended instances are deleted after this, ms. */
export const retentionMs: number = 90 * 24 * 60 * 60 * 1000;

/** Records of missed occurrences, and audit entries, deleted in one transaction by retention. */
export const retentionRows = 1_000;

/** Instances deleted in one transaction by retention. */
export const retentionBatch = 10;

/** How often retention looks, ms. */
export const retentionIntervalMs = 60_000;

/** An idempotency key is remembered this long, ms. */
export const idempotencyRetentionMs: number = 24 * 60 * 60 * 1000;

/** Runs in flight that one explanation counts: about 10 µs each on SQLite, where a read keeps everybody waiting. */
export const explainedRunsMax = 5_000;

/** Nodes and runs that an explanation names for each thing that is waited for. */
export const examplesMax = 5;

/** The variables that one run from a later step is given, bytes: an assignment has to fit in a frame. */
export const carriedValuesBytesMax: number = 1024 * 1024;

/** Artifacts are deleted after this, ms. */
export const evidenceRetentionMs: number = 30 * 24 * 60 * 60 * 1000;

/** Artifacts kept in all, bytes; beyond, the oldest go. */
export const evidenceRetentionBytes: number = 20 * 1024 * 1024 * 1024;

/** Archives deleted in one transaction by retention. */
export const evidenceBatch = 100;

/** An archive that belongs to no attempt is removed after this, ms: longer than a node tries to hand one in. */
export const orphanedArchiveMs: number = 48 * 60 * 60 * 1000;
