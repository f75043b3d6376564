import type {
  FleetNode,
  Instance,
  InstanceDetail,
  Job,
  PauseResponse,
  Run,
  RunDetail,
  StepResult,
} from "@courier/schema";

import { summariseOutcomes } from "../progress/progress-lines.ts";
import type { Column } from "./table.ts";

/** Jobs in a table. */
export const jobColumns: readonly Column<Job>[] = [
  { header: "id", value: (job) => job.id },
  { header: "name", value: (job) => job.name, isShrinkable: true },
  { header: "status", value: (job) => job.status, isStatus: true },
  { header: "schedule", value: (job) => job.scheduleRule, isShrinkable: true },
  { header: "next", value: (job) => job.nextExecutionTime },
  { header: "created", value: (job) => job.createdAt },
];

/** One job as rows. */
export const jobRows: readonly Column<Job>[] = [
  ...jobColumns,
  { header: "description", value: (job) => job.description },
  { header: "exceptions", value: (job) => job.exceptionReasons.join(", ") },
  { header: "groups", value: (job) => job.target.groups.length },
  { header: "steps", value: (job) => job.actions.steps.map(({ name }) => name).join(", ") },
];

/** Instances in a table. */
export const instanceColumns: readonly Column<Instance>[] = [
  { header: "id", value: (instance) => instance.id },
  { header: "job", value: (instance) => instance.jobName ?? instance.jobId, isShrinkable: true },
  { header: "status", value: (instance) => instance.status, isStatus: true },
  { header: "created", value: (instance) => instance.createdAt },
];

function describeJob({ jobName, jobId }: InstanceDetail): string {
  return jobName === undefined ? jobId : `${jobName} (${jobId})`;
}

/** One instance as rows. */
export const instanceRows: readonly Column<InstanceDetail>[] = [
  { header: "id", value: (instance) => instance.id },
  { header: "job", value: describeJob },
  { header: "status", value: (instance) => instance.status, isStatus: true },
  { header: "reason", value: (instance) => instance.reason },
  { header: "created", value: (instance) => instance.createdAt },
  { header: "started", value: (instance) => instance.startedAt },
  { header: "finished", value: (instance) => instance.finishedAt },
  { header: "paused", value: (instance) => instance.pausedAt },
  { header: "from step", value: (instance) => instance.fromStep },
  { header: "rerun of", value: (instance) => instance.originInstanceId },
  { header: "reruns", value: (instance) => instance.rerunInstanceIds.join(", ") },
  { header: "groups", value: (instance) => instance.groups.length },
  { header: "runs", value: (instance) => summariseOutcomes(instance.groups) },
];

/** Runs in a table. */
export const runColumns: readonly Column<Run>[] = [
  { header: "run", value: (run) => run.runId },
  { header: "group", value: (run) => run.groupNumber, isNumber: true },
  { header: "node", value: (run) => run.nodeName ?? run.nodeId, isShrinkable: true },
  { header: "status", value: (run) => run.status, isStatus: true },
  { header: "updated", value: (run) => run.lastUpdateTime },
  { header: "reported later", value: (run) => run.reportedStatus },
  { header: "reason", value: (run) => run.reason, isShrinkable: true },
];

/** One run as rows. */
export const runRows: readonly Column<RunDetail>[] = [
  { header: "run", value: (run) => run.runId },
  { header: "instance", value: (run) => run.instanceId },
  { header: "job", value: (run) => run.jobId },
  { header: "node", value: (run) => `${run.nodeName} (${run.nodeId})` },
  { header: "group", value: (run) => run.groupNumber },
  { header: "status", value: (run) => run.status, isStatus: true },
  { header: "reason", value: (run) => run.reason },
  { header: "reported later", value: (run) => run.reportedStatus },
  { header: "reported at", value: (run) => run.reportedAt },
  { header: "received", value: (run) => run.receivedTime },
  { header: "dispatched", value: (run) => run.dispatchedAt },
  { header: "started", value: (run) => run.startedAt },
  { header: "finished", value: (run) => run.finishedAt },
];

/** Steps in a table. */
export const stepColumns: readonly Column<StepResult>[] = [
  { header: "step", value: (step) => step.stepNumber, isNumber: true },
  { header: "name", value: (step) => step.name, isShrinkable: true },
  { header: "status", value: (step) => step.status, isStatus: true },
  { header: "attempts", value: (step) => step.numAttempts, isNumber: true },
  { header: "interpreter", value: (step) => step.interpreterPath, isShrinkable: true },
  { header: "artifacts", value: artifactsCell },
  { header: "reason", value: (step) => step.reason, isShrinkable: true },
];

function artifactsCell({ artifacts = [] }: StepResult): string {
  return artifacts
    .map(({ attempt, state, fileCount, leftOutCount }) => {
      const left = leftOutCount === 0 ? "" : `, ${leftOutCount} left out`;
      return `${attempt}: ${fileCount} ${state}${left}`;
    })
    .join("; ");
}

/** Nodes in a table. */
export const nodeColumns: readonly Column<
  Omit<FleetNode, "attributes" | "skills" | "installedSkills">
>[] = [
  { header: "id", value: (node) => node.id },
  { header: "name", value: (node) => node.name, isShrinkable: true },
  { header: "health", value: (node) => node.healthStatus, isStatus: true },
  { header: "level", value: (node) => node.enrollmentLevel },
  { header: "agent", value: (node) => node.agentVersion },
  { header: "last seen", value: (node) => node.lastSeenAt },
];

/** One node as rows, with a row for each of its attributes: tags first, then the rest by name. */
export function nodeRows(node: FleetNode): readonly Column<FleetNode>[] {
  const { tags = {}, ...others } = node.attributes;
  const byName = Object.entries(others).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...nodeColumns,
    { header: "created", value: () => node.createdAt },
    {
      header: "skills",
      value: () => node.skills.map(({ name, version }) => `${name} ${version}`).join(", "),
    },
    ...[["tags", tags] as const, ...byName].flatMap(([namespace, attributes]) =>
      Object.entries(attributes).map(([name, value]) => ({
        header: `${namespace}.${name}`,
        value: () => (typeof value === "string" ? value : JSON.stringify(value)),
      })),
    ),
  ];
}

/** The answer to a pause or a resume as rows. */
export const pauseRows: readonly Column<PauseResponse["item"]>[] = [
  { header: "id", value: (answer) => answer.id },
  { header: "status", value: (answer) => answer.status, isStatus: true },
  { header: "paused", value: (answer) => answer.pausedAt },
];

/** The answer to a cancel as rows. */
export const cancelRows: readonly Column<{ readonly id: string; readonly status: string }>[] = [
  { header: "id", value: (answer) => answer.id },
  { header: "status", value: (answer) => answer.status, isStatus: true },
];
