import { CourierError, type PauseEvent } from "@courier/core";
import type { PauseResponse } from "@courier/schema";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { askerOf } from "./audit.ts";
import { found } from "./not-found.ts";
import { refuseWaiting } from "./waiting-instance.ts";
import { rfc3339OrNull } from "./rfc3339.ts";
import { routeOptions, type RouteOptions } from "./route-schema.ts";

interface OneInstance {
  readonly Params: { readonly instanceId: string };
}

/** Letting an instance wait, and go on. */
export function addPauseRoutes(app: FastifyInstance, context: ApiContext): void {
  const path = "/courier/state-api/v1/instances/:instanceId";
  app.post<OneInstance>(`${path}/pause`, pauseRoute, async (request) =>
    ask(context, request, "pause"),
  );
  app.post<OneInstance>(`${path}/resume`, resumeRoute, async (request) =>
    ask(context, request, "resume"),
  );
}

async function ask(
  context: ApiContext,
  request: FastifyRequest<OneInstance>,
  event: PauseEvent,
): Promise<PauseResponse> {
  const { instanceId: id } = request.params;
  const answer = await context.jobControl.pauseInstance(id, event, askerOf(request));
  switch (answer.kind) {
    case "accepted":
      return { item: { id, status: answer.status, pausedAt: rfc3339OrNull(answer.pausedAt) } };
    case "not-found":
      await refuseWaiting(context.db, id);
      return found<never>(undefined, { code: "INSTANCE_NOT_FOUND", what: "instance", id });
    case "ended":
      throw new CourierError(
        "INSTANCE_ENDED",
        `instance "${id}" has ended; there is nothing left to ${event}`,
      );
    case "cancelling":
      throw new CourierError(
        "INSTANCE_CANCELLING",
        `instance "${id}" is being canceled; there is nothing left to ${event}`,
      );
  }
}

const pauseRoute = route(
  "pauseInstance",
  "Let an instance dispatch nothing more for now",
  "Runs in flight finish, the clocks of its groups stand still, and it can be canceled. Its status stays; `pausedAt` says since when. Pausing twice changes nothing.",
);

const resumeRoute = route(
  "resumeInstance",
  "Let a paused instance go on",
  "The deadlines of its groups move by as long as it was paused. Resuming what is not paused changes nothing.",
);

function route(operationId: string, summary: string, description: string): RouteOptions {
  return routeOptions({
    ...{ operationId, summary, description },
    tag: "instances",
    permission: "state:write",
    isChange: true,
    params: { instanceId: "Id of the instance." },
    answers: { 200: { schema: "pause-response", description: "Whether it dispatches now." } },
    errors: ["INSTANCE_NOT_FOUND", "INSTANCE_NOT_STARTED", "INSTANCE_ENDED", "INSTANCE_CANCELLING"],
  });
}
