import { isRunOutcome } from "@courier/core";
import type { Kill } from "./survival-killer.ts";
import type { InstanceRecord, RunRecord } from "./survival-record.ts";
import type { Execution } from "./survival-witness.ts";

/** Everything that is known after a rollout: what was recorded, what was executed, what was killed. */
export interface Evidence {
  readonly instances: readonly InstanceRecord[];
  readonly executions: readonly Execution[];
  readonly kills: readonly Kill[];
  /** What an attempt that nobody disturbed writes, and whether it succeeds. */
  readonly expected: (attempt: AttemptOfInstance) => ExpectedAttempt;
}

/** An attempt and the instance it belongs to. */
export interface AttemptOfInstance {
  readonly instanceId: string;
  readonly runId: string;
  readonly stepNumber: number;
  readonly attempt: number;
}

/** What is expected of an attempt. */
export interface ExpectedAttempt {
  readonly stdout: string;
  readonly isSuccess: boolean;
}

/** Every promise that the evidence shows broken; empty when all were kept. */
export function brokenPromises(evidence: Evidence): readonly string[] {
  return [
    ...executedTwice(evidence),
    ...executedElsewhere(evidence),
    ...evidence.instances.flatMap((record) => [
      ...wrongCounters(record),
      ...record.runs.flatMap((run) => brokenByRun(run, { record, evidence })),
    ]),
  ];
}

function executedTwice({ executions }: Evidence): readonly string[] {
  const seen = new Set<string>();
  return executions.map(attemptKey).flatMap((key) => {
    if (seen.has(key)) return [`attempt ${key} was executed twice`];
    seen.add(key);
    return [];
  });
}

function executedElsewhere({ executions, instances }: Evidence): readonly string[] {
  const nodeOfRun = new Map(
    instances.flatMap(({ runs }) => runs.map((run) => [run.runId, run.nodeId])),
  );
  return executions
    .filter(({ runId, nodeId }) => nodeOfRun.get(runId) !== nodeId)
    .map((execution) => `attempt ${attemptKey(execution)} was executed on another node`);
}

function wrongCounters({ instance, runs }: InstanceRecord): readonly string[] {
  return instance.groups.flatMap((group) => {
    const ofGroup = runs.filter((run) => run.groupNumber === group.groupNumber);
    const recount: Record<string, number> = {};
    for (const { status } of ofGroup) recount[status] = (recount[status] ?? 0) + 1;
    const wrong = Object.entries(group.counts).filter(
      ([status, count]) => count !== (recount[status] ?? 0),
    );
    const isComplete = ofGroup.length === group.nodeCount;
    if (wrong.length === 0 && isComplete) return [];
    const counts = JSON.stringify({ counted: group.counts, recount });
    return [`group ${group.groupNumber} of ${instance.id}: ${counts}`];
  });
}

interface RunContext {
  readonly record: InstanceRecord;
  readonly evidence: Evidence;
}

function brokenByRun(run: RunRecord, context: RunContext): readonly string[] {
  const problems = [
    ...wrongOutcome(run, context),
    ...run.steps.flatMap((step) => wrongStep(run, step, context)),
  ];
  const told = run.steps.map((step) => `${step.status}×${step.numAttempts} ${step.reason}`);
  const kills = killsOf(run, context.evidence).map((kill) => Object.values(kill).join(" "));
  const facts = [...told, `killed: ${kills.join(", ") || "nothing"}`].join("; ");
  return problems.map(
    (problem) => `run ${run.runId} (${run.status} ${run.reason}): ${problem} [${facts}]`,
  );
}

/** Nothing but our kills can keep a run of these jobs from success, and only a killed wrapper hides what happened. */
function wrongOutcome(run: RunRecord, { evidence }: RunContext): readonly string[] {
  const problems: string[] = [];
  if (!isRunOutcome(run.status)) problems.push("has no outcome");
  if (run.reportedStatus !== null) problems.push(`was reported as ${run.reportedStatus} later`);
  const kills = killsOf(run, evidence);
  if (kills.length === 0 && run.status !== "success") problems.push("was not disturbed");
  const wasHidden = kills.some((kill) => kill.kind === "wrapper");
  if (run.status === "unknown" && !wasHidden) problems.push("could be known");
  if (!["success", "failure", "unknown"].includes(run.status)) problems.push("cannot end so");
  return problems;
}

function killsOf(run: RunRecord, { kills }: Evidence): readonly Kill[] {
  return kills.filter((kill) => "attempt" in kill && kill.attempt.startsWith(`${run.runId}.`));
}

/** What a node executed is recorded, what is recorded was executed, and what succeeded kept its whole output. */
function wrongStep(
  run: RunRecord,
  step: RunRecord["steps"][number],
  { record, evidence }: RunContext,
): readonly string[] {
  const { stepNumber, numAttempts } = step;
  const problems: string[] = [];
  const executed = evidence.executions
    .filter((execution) => execution.runId === run.runId && execution.stepNumber === stepNumber)
    .map((execution) => execution.attempt);
  if (Math.max(0, ...executed) > numAttempts) {
    problems.push(
      `step ${stepNumber} recorded ${numAttempts} attempts, executed ${executed.join(", ")}`,
    );
  }
  for (let attempt = 1; attempt <= numAttempts; attempt += 1) {
    const isLast = attempt === numAttempts;
    const id = { instanceId: record.instance.id, runId: run.runId, stepNumber, attempt };
    const expected = evidence.expected(id);
    const hasSucceeded = isLast && step.status === "success";
    const wasKilled = evidence.kills.some((kill) => isKillOf(kill, id));
    if (hasSucceeded && !expected.isSuccess) problems.push(`${attemptKey(id)} cannot succeed`);
    if (wasKilled && !hasSucceeded) continue;
    if (!executed.includes(attempt)) problems.push(`${attemptKey(id)} was never executed`);
    if (expected.isSuccess && !hasSucceeded) problems.push(`${attemptKey(id)} failed undisturbed`);
    const stdout = run.stdout.get(`${stepNumber}/${attempt}`) ?? "";
    if (stdout !== expected.stdout) {
      const lengths = `${stdout.length} instead of ${expected.stdout.length} bytes`;
      problems.push(`output of ${attemptKey(id)} is not complete: ${lengths}`);
    }
  }
  return problems;
}

function isKillOf(kill: Kill, id: AttemptOfInstance): boolean {
  if (!("attempt" in kill)) return false;
  const [runId, , stepNumber, attempt] = kill.attempt.split(".");
  return (
    runId === id.runId && Number(stepNumber) === id.stepNumber && Number(attempt) === id.attempt
  );
}

function attemptKey({ runId, stepNumber, attempt }: Omit<AttemptOfInstance, "instanceId">): string {
  return `${runId}/${stepNumber}/${attempt}`;
}
