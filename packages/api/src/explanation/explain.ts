import type { ExplainedInstance } from "@courier/schema";
import { findInstance, listGroups, type Db } from "@courier/store";
import type { FastifyInstance } from "fastify";
import type { ApiContext } from "../api-context.ts";
import { found } from "../not-found.ts";
import { routeOptions } from "../route-schema.ts";
import { refuseWaiting } from "../waiting-instance.ts";
import { explanationItem } from "./explanation-json.ts";
import { readFailures, type GroupFailures } from "./failures.ts";

interface OneInstance {
  readonly Params: { readonly instanceId: string };
}

/** Why an instance stands where it stands. */
export function addExplainRoute(app: FastifyInstance, context: ApiContext): void {
  app.get<OneInstance>(
    "/courier/state-api/v1/instances/:instanceId/explain",
    explainRoute,
    async (request) => {
      const id = request.params.instanceId;
      const item = await readExplanation(context, id);
      if (item === undefined) await refuseWaiting(context.db, id);
      return { item: found(item, { code: "INSTANCE_NOT_FOUND", what: "instance", id }) };
    },
  );
}

/** Reads all that an explanation consists of; undefined: there is no such instance. */
export async function readExplanation(
  context: Pick<ApiContext, "db" | "jobControl">,
  instanceId: string,
): Promise<ExplainedInstance | undefined> {
  const explanation = await context.jobControl.explain(instanceId);
  const instance = await findInstance(context.db, instanceId);
  if (explanation === undefined || instance === undefined) return undefined;
  const groups = await listGroups(context.db, instanceId);
  const failures = await failuresOf(context.db, groups);
  return explanationItem({ instance, groups, explanation, failures });
}

async function failuresOf(
  db: Db,
  groups: Awaited<ReturnType<typeof listGroups>>,
): Promise<ReadonlyMap<number, GroupFailures>> {
  const failures = new Map<number, GroupFailures>();
  for (const group of groups) failures.set(group.groupNumber, await readFailures(db, group));
  return failures;
}

const explainRoute = routeOptions({
  operationId: "explainInstance",
  summary: "Why an instance stands where it stands",
  description:
    "For everything that does not move: the reason, how much it concerns with a few examples, and the event that would release it. For an instance that has ended: its criteria in numbers, its failures folded, and the first of them.",
  tag: "instances",
  permission: "state:read",
  params: { instanceId: "Id of the instance." },
  answers: { 200: { schema: "instance-explanation", description: "The explanation." } },
  errors: ["INSTANCE_NOT_FOUND", "INSTANCE_NOT_STARTED"],
});
