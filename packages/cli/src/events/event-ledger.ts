import { isInstanceFinal, isGroupFinal } from "@courier/core";
import type { InstanceDetail, InstanceGroup, RunDetail, TransitionEvent } from "@courier/schema";

/** How far a run was told of; it only ever goes forward. */
const stages = { none: 0, dispatched: 1, running: 2, ended: 3 } as const;

/**
 * Turns states, as a watcher sees them, into transitions: each exactly once, also when a state is seen twice or after an
 * outage. Rows keep the times of what they went through, so that a run or a group that moved several times between two looks
 * is told of step by step. What no row keeps (a group's wait for its quorum, a pause, an instance's `cancelling`) is told when it is seen.
 */
export class EventLedger {
  readonly #now: () => number;
  readonly #runs = new Map<string, number>();
  readonly #groups = new Map<number, InstanceGroup["status"]>();
  #held: RunDetail[] = [];
  #status: InstanceDetail["status"] | undefined;
  #isPaused = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes runs in; they are told with the instance's state that follows them. */
  holdRuns(runs: readonly RunDetail[]): void {
    this.#held.push(...runs);
  }

  /** What has happened up to this state: the instance's start, its groups with their runs, its end. */
  settle(item: InstanceDetail): readonly TransitionEvent[] {
    const held = this.#held;
    this.#held = [];
    const groups = item.groups.flatMap((group) => [
      ...this.#groupStart(item, group),
      ...held
        .filter(({ groupNumber }) => groupNumber === group.groupNumber)
        .flatMap((run) => this.#runEvents(run)),
      ...this.#groupEnd(item, group),
    ]);
    return [...this.#instanceStart(item), ...groups, ...this.#instanceEnd(item)];
  }

  #instanceStart(item: InstanceDetail): TransitionEvent[] {
    const events: TransitionEvent[] = [];
    const before = this.#status;
    if (before === undefined) events.push(instanceEvent(item, "pending", item.createdAt));
    if ((before === undefined || before === "pending") && item.startedAt !== null) {
      events.push(instanceEvent(item, "running", item.startedAt));
    }
    if (item.status === "cancelling" && before !== "cancelling") {
      events.push(instanceEvent(item, "cancelling", item.updatedAt));
    }
    const isPaused = item.pausedAt !== null;
    if (isPaused !== this.#isPaused && !isInstanceFinal(item.status)) {
      const at = item.pausedAt ?? this.#instant();
      events.push({ ...instanceEvent(item, item.status, at), isPaused });
      this.#isPaused = isPaused;
    }
    return events;
  }

  #instanceEnd(item: InstanceDetail): TransitionEvent[] {
    const isNew = this.#status !== item.status;
    this.#status = item.status;
    if (!isNew || item.finishedAt === null) return [];
    return [{ ...instanceEvent(item, item.status, item.finishedAt), reason: item.reason }];
  }

  #groupStart(item: InstanceDetail, group: InstanceGroup): TransitionEvent[] {
    const before = this.#groups.get(group.groupNumber) ?? "pending";
    const events: TransitionEvent[] = [];
    if (group.status === "waiting" && before === "pending") {
      events.push(groupEvent(item, group, { status: "waiting", at: this.#instant() }));
    }
    const hadStarted = before !== "pending" && before !== "waiting";
    if (!hadStarted && group.startedAt !== null) {
      events.push(groupEvent(item, group, { status: "running", at: group.startedAt }));
    }
    return events;
  }

  #groupEnd(item: InstanceDetail, group: InstanceGroup): TransitionEvent[] {
    const { status, finishedAt, reason } = group;
    const isNew = this.#groups.get(group.groupNumber) !== status;
    this.#groups.set(group.groupNumber, status);
    if (!isNew || !isGroupFinal(status) || finishedAt === null) return [];
    return [{ ...groupEvent(item, group, { status, at: finishedAt }), reason }];
  }

  #runEvents(run: RunDetail): TransitionEvent[] {
    const told = this.#runs.get(run.runId) ?? stages.none;
    const events: TransitionEvent[] = [];
    if (told < stages.dispatched && run.dispatchedAt !== null) {
      events.push(runEvent(run, "dispatched", run.dispatchedAt));
    }
    if (told < stages.running && run.startedAt !== null) {
      events.push(runEvent(run, "running", run.startedAt));
    }
    if (told < stages.ended && run.finishedAt !== null) {
      events.push({ ...runEvent(run, run.status, run.finishedAt), reason: run.reason });
    }
    this.#runs.set(run.runId, Math.max(told, stageOf(run)));
    return events;
  }

  #instant(): string {
    return new Date(this.#now()).toISOString();
  }
}

function stageOf(run: RunDetail): number {
  if (run.finishedAt !== null) return stages.ended;
  if (run.startedAt !== null) return stages.running;
  return run.dispatchedAt === null ? stages.none : stages.dispatched;
}

function instanceEvent(
  item: InstanceDetail,
  status: InstanceDetail["status"],
  at: string,
): TransitionEvent {
  return { event: "instance", at, instanceId: item.id, jobId: item.jobId, status, reason: "" };
}

function groupEvent(
  item: InstanceDetail,
  { groupNumber }: InstanceGroup,
  { status, at }: { readonly status: InstanceGroup["status"]; readonly at: string },
): TransitionEvent {
  const { id: instanceId, jobId } = item;
  return { event: "group", at, instanceId, jobId, groupNumber, status, reason: "" };
}

function runEvent(run: RunDetail, status: RunDetail["status"], at: string): TransitionEvent {
  const { instanceId, jobId, groupNumber, runId, nodeId, nodeName } = run;
  return {
    ...{ event: "run", at, instanceId, jobId, groupNumber, runId, nodeId, nodeName },
    ...{ status, reason: "" },
  };
}
