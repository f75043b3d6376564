import { sql } from "kysely";
import type { Db } from "./database.ts";
import type { GroupKey } from "./groups.ts";
import { reading } from "./handle.ts";
import { inFlight } from "./in-flight.ts";
import { seqOfInstance } from "./runs.ts";

/** A node that a group waits for. */
export interface AbsentNode {
  readonly nodeId: string;
  readonly nodeName: string;
  /** Unix ms; null: it has never been online. */
  readonly offlineSince: number | null;
  /** `admitted`: it waits for approval. */
  readonly enrollmentLevel: "admitted" | "enrolled";
}

/** A run that a node executes now. */
export interface NodeOccupation {
  readonly nodeId: string;
  readonly runId: string;
  readonly instanceId: string;
  readonly jobName: string;
}

/** A step that its node has begun and not ended. */
export interface OpenStep {
  readonly runId: string;
  readonly stepNumber: number;
  readonly attemptCount: number;
  readonly reason: string;
}

/** The first nodes of a group, by position, that are offline. */
export async function listAbsentNodes(
  db: Db,
  options: GroupKey & { readonly limit: number },
): Promise<AbsentNode[]> {
  // Unique index of runs by position, unique index on nodes.id. Reads the group: for groups that wait for their quorum.
  return await reading(db)
    .selectFrom("runs")
    .innerJoin("nodes", "nodes.id", "runs.node_id")
    .select(["nodes.id as nodeId", "nodes.name as nodeName"])
    .select(["nodes.offline_since as offlineSince", "nodes.enrollment_level as enrollmentLevel"])
    .where("runs.instance_seq", "=", seqOfInstance(options.instanceId))
    .where("runs.group_number", "=", options.groupNumber)
    .where("nodes.online", "=", sql.lit(0))
    .orderBy("runs.position")
    .limit(options.limit)
    .execute();
}

/** What these nodes execute now. */
export async function listOccupations(
  db: Db,
  nodeIds: readonly string[],
): Promise<NodeOccupation[]> {
  if (nodeIds.length === 0) return [];
  // Index runs_of_node.
  return await reading(db)
    .selectFrom("runs")
    .innerJoin("instances", "instances.seq", "runs.instance_seq")
    .select(["runs.node_id as nodeId", "runs.id as runId"])
    .select(["instances.id as instanceId", "instances.job_name as jobName"])
    .where("runs.node_id", "in", [...nodeIds])
    .where("runs.status", "in", inFlight)
    .where("runs.status", "=", "running")
    .execute();
}

/** The steps that these runs are at. */
export async function listOpenSteps(db: Db, runIds: readonly string[]): Promise<OpenStep[]> {
  if (runIds.length === 0) return [];
  // Unique index on runs.id, primary key of steps.
  return await reading(db)
    .selectFrom("runs")
    .innerJoin("steps", "steps.run_seq", "runs.seq")
    .select(["runs.id as runId", "steps.step_number as stepNumber", "steps.reason"])
    .select("steps.attempt_count as attemptCount")
    .where("runs.id", "in", [...runIds])
    .where("steps.status", "in", ["running", "active"])
    .execute();
}

/** Instances of a job that have not ended, in order of their ids. */
export async function listOpenInstancesOfJob(
  db: Db,
  options: { readonly jobId: string; readonly limit: number },
): Promise<string[]> {
  // Index instances_open_of_job.
  const rows = await reading(db)
    .selectFrom("instances")
    .select("id")
    .where("job_id", "=", options.jobId)
    .where("finished_at", "is", null)
    .orderBy("id")
    .limit(options.limit)
    .execute();
  return rows.map(({ id }) => id);
}
