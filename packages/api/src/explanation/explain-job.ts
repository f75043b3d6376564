import { explainStart, type StartWait } from "@courier/core";
import type { ExplainedStartWait, JobExplanation } from "@courier/schema";
import { findJob, findWaitingStart, listOpenInstancesOfJob } from "@courier/store";
import type { FastifyInstance } from "fastify";
import type { ApiContext } from "../api-context.ts";
import { blockedOf, exceptionReasons } from "../exception-windows.ts";
import { openInstancesMax } from "../limits.ts";
import { found } from "../not-found.ts";
import { rfc3339, rfc3339OrNull } from "../rfc3339.ts";
import { routeOptions } from "../route-schema.ts";

interface OneJob {
  readonly Params: { readonly jobId: string };
}

/** Why a job has no new instance now. */
export function addExplainJobRoute(app: FastifyInstance, context: ApiContext): void {
  app.get<OneJob>(
    "/courier/scheduler-api/v1/jobs/:jobId/explain",
    explainJobRoute,
    async (request) => explainJob(context, request.params.jobId),
  );
}

async function explainJob({ db, clock }: ApiContext, jobId: string): Promise<JobExplanation> {
  const job = found(await findJob(db, jobId), { code: "JOB_NOT_FOUND", what: "job", id: jobId });
  const held = await findWaitingStart(db, { jobId });
  const openInstanceIds = await listOpenInstancesOfJob(db, { jobId, limit: openInstancesMax });
  const now = clock.now();
  const waits = explainStart({
    ...{ status: job.status, now, nextAt: job.nextExecutionAt, held },
    queuedAt: job.queuedAt ?? null,
    blockedBy: exceptionReasons(blockedOf(job)).join("; "),
    isInstanceOpen: openInstanceIds.length > 0,
  });
  return {
    item: {
      jobId,
      jobName: job.name,
      status: job.status,
      at: rfc3339(now),
      openInstanceIds,
      waits: waits.map((wait) => waitItem(wait, openInstanceIds)),
    },
  };
}

function waitItem(wait: StartWait, openInstanceIds: readonly string[]): ExplainedStartWait {
  const until = "until" in wait ? rfc3339(wait.until) : null;
  const { kind } = wait;
  switch (wait.kind) {
    case "inactive":
      return {
        ...{ kind, until, message: "the job is inactive: it starts nothing" },
        releasedBy: "scheduler jobs activate",
      };
    case "over":
      return {
        ...{ kind, until, message: `the job is ${wait.status}: its schedule starts nothing more` },
        releasedBy: "scheduler jobs create-manual-job",
      };
    case "freeze":
      return {
        ...{ kind, until, message: `a start is held back by exceptions: ${wait.reason}` },
        releasedBy: `the end of the window, ${until ?? ""}`,
      };
    case "overlap":
      return {
        ...{ kind, until },
        message: `the occurrence of ${rfc3339OrNull(wait.nominalAt) ?? "a manual start"} waits for the instance under way (overlapPolicy: queue)`,
        releasedBy: `the end of instance ${openInstanceIds.join(", ")}`,
      };
    case "schedule":
      return {
        ...{ kind, until, message: `its next occurrence is at ${until ?? ""}` },
        releasedBy: "the time",
      };
    case "blocked":
      return {
        ...{ kind, until, message: "every occurrence in sight is blocked by exceptions" },
        releasedBy: "a change of the exceptions, or the time: the service looks again",
      };
  }
}

const explainJobRoute = routeOptions({
  operationId: "explainJob",
  summary: "Why a job has no new instance now",
  description:
    "What keeps it from starting one: its schedule, a freeze, an instance of it that is open, or that it is inactive; and the event that would release it.",
  tag: "jobs",
  permission: "jobs:read",
  params: { jobId: "Id of the job." },
  answers: { 200: { schema: "job-explanation", description: "The explanation." } },
  errors: ["JOB_NOT_FOUND"],
});
