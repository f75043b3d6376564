import {
  estimateRunTimes,
  findPlanWarnings,
  listSome,
  timetableOf,
  type ErrorDetail,
  type PlannedGroup,
  type PlannedJob,
  type RunTimeEstimate,
} from "@courier/core";
import type { PlanResponse, TemplateFormat } from "@courier/schema";
import { findPlannedNodes, listJobs, resolveTargets, type Db } from "@courier/store";
import type { ApiContext } from "./api-context.ts";
import { readExceptionWindows } from "./exception-windows.ts";
import { rfc3339 } from "./rfc3339.ts";
import { checkTemplate, type CheckedTemplate } from "./checked-template.ts";
import { requireKnownTargets } from "./known-targets.ts";
import { hashPlan } from "./plan-hash.ts";
import { findPlannedBudgets } from "./planned-budgets.ts";
import { planItem } from "./plan-json.ts";
import type { RecentPlans } from "./recent-plans.ts";

/** A request to plan a job. */
export interface PlanRequest {
  readonly text: string;
  readonly format: TemplateFormat;
  /** Occurrences to list. */
  readonly count: number;
}

/** Says what would happen if this job was added now. Refuses what `addJob` would refuse, and stores nothing. */
export async function planJob(
  context: ApiContext,
  plans: RecentPlans,
  { text, format, count }: PlanRequest,
): Promise<PlanResponse> {
  const now = context.clock.now();
  const template = await checkTemplate(text, { format, now });
  await requireKnownTargets(context.db, template);
  const { job } = template;
  const targets = await resolveTargets(context.db, job.target.groups);
  const memory = { job, targets };
  const hash = hashPlan(memory);
  plans.keep(hash, memory);
  const groups = await describeGroups(context.db, memory);
  const planned = { job, groups, budgets: await findPlannedBudgets(context.db, targets) };
  const { windows } = await readExceptionWindows(context.db);
  const timetable = timetableOf(job, now, windows);
  const estimate = estimateRunTimes(timetable, { after: now - 1, count });
  const warnings = [
    ...(await nameWarning(context.db, job.name)),
    ...(timetable.schedule.kind === "immediate" ? heldBackWarning : allBlockedWarning)(estimate),
    ...findPlanWarnings(planned),
  ];
  return {
    item: {
      hash,
      ...planItem(planned, { now, estimate }),
      warnings: [...template.warnings, ...(await located(template, warnings))],
    },
  };
}

async function describeGroups(
  db: Db,
  { job, targets }: { readonly job: PlannedJob["job"]; readonly targets: readonly string[][] },
): Promise<PlannedGroup[]> {
  const nodes = await findPlannedNodes(db, [...new Set(targets.flat())]);
  return job.target.groups.map((group, index) => ({
    group,
    nodes: (targets[index] ?? []).flatMap((id) => nodes.get(id) ?? []),
  }));
}

/** Add-job would refuse it; the rest of the plan is worth knowing all the same. */
async function nameWarning(db: Db, name: string): Promise<ErrorDetail[]> {
  const { items } = await listJobs(db, { page: 1, size: 1, name });
  const [owner] = items;
  if (owner === undefined) return [];
  const message = `the name is taken by job ${owner.id}: add-job will refuse it`;
  return [{ pointer: "/name", message }];
}

/** An immediate job that an exception holds back does not start when it is added. */
function heldBackWarning({ times, blocked }: RunTimeEstimate): ErrorDetail[] {
  const [first] = blocked;
  if (first === undefined) return [];
  const [startsAt] = times;
  const start =
    startsAt === undefined ? "nothing is free in sight" : `it starts at ${rfc3339(startsAt)}`;
  const message = `does not start at once: held back by ${first.label}; ${start}`;
  return [{ pointer: "/scheduleRule", message }];
}

/** A recurring job that would never start as the exceptions are now. */
function allBlockedWarning({ times, blocked }: RunTimeEstimate): ErrorDetail[] {
  const [last] = blocked.slice(-1);
  if (times.length > 0 || last === undefined) return [];
  const labels = [...new Set(blocked.map(({ label }) => label))];
  const message = `nothing of it would run: every time in sight is blocked (${blocked.length}, up to ${rfc3339(last.at)}), by ${listSome(labels)}`;
  return [{ pointer: "/scheduleRule", message }];
}

async function located(
  template: CheckedTemplate,
  warnings: readonly ErrorDetail[],
): Promise<PlanResponse["item"]["warnings"]> {
  return [...(await template.locate(warnings))];
}
