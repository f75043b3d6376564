import { CourierError } from "@courier/core";
import type { SchemaTypes } from "@courier/schema";
import { approveNodes, findNodes, findNodeSet, moveToCohort } from "@courier/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { takesArrayAs } from "./array-body.ts";
import { recordChange } from "./audit.ts";
import { requireNode, requireNodes } from "./known-nodes.ts";
import { nodeItem } from "./node-json.ts";
import { nodeChange, type OfNode } from "./nodes.ts";
import { found } from "./not-found.ts";
import { pageOf } from "./pagination.ts";
import { routeOptions } from "./route-schema.ts";

interface OfCohort {
  readonly Params: { readonly nodeId: string; readonly cohortId: string };
}

interface WithNodes {
  readonly Body: SchemaTypes["node-ids-request"];
}

const prefix = "/node/management/v1/nodes";

/** Admission after the fact: which nodes may work, and which cohort they are in; and several nodes at once. */
export function addNodeApprovalRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post<OfNode>(`${prefix}/:nodeId/approve`, approveRoute, async (request) => {
    const node = await requireNode(context.db, request.params.nodeId);
    const approved = await approve(context, request, [node.id]);
    if (approved.length === 0) {
      const message = `node ${JSON.stringify(node.name)} is approved already`;
      throw new CourierError("NODE_ALREADY_APPROVED", message);
    }
    return { item: nodeItem(await requireNode(context.db, node.id)) };
  });
  const takesNodeIds = { preValidation: takesArrayAs("nodeIds") };
  app.post<WithNodes>(
    `${prefix}/approve`,
    { ...approveSeveralRoute, ...takesNodeIds },
    async (request) => {
      const nodeIds = await requireNodes(context.db, request.body.nodeIds, "/nodeIds");
      await approve(context, request, nodeIds);
      return listNodes(context, request, nodeIds);
    },
  );
  app.post<WithNodes>(
    `${prefix}/details`,
    { ...detailsRoute, ...takesNodeIds },
    async (request) => {
      const nodeIds = await requireNodes(context.db, request.body.nodeIds, "/nodeIds");
      return listNodes(context, request, nodeIds);
    },
  );
  app.post<OfCohort>(`${prefix}/:nodeId/cohort/:cohortId`, assignRoute, async (request) =>
    assignCohort(context, request),
  );
}

async function approve(
  context: ApiContext,
  request: FastifyRequest,
  nodeIds: readonly string[],
): Promise<readonly string[]> {
  return context.db.transaction(async (tx) => {
    const approved = await approveNodes(tx, { nodeIds, now: context.clock.now() });
    for (const object of approved) {
      await recordChange(tx, { context, request }, { action: "node.approve", object });
    }
    return approved;
  });
}

async function assignCohort(
  context: ApiContext,
  request: FastifyRequest<OfCohort>,
): Promise<object> {
  const { nodeId, cohortId } = request.params;
  const node = await requireNode(context.db, nodeId);
  const cohort = found(await findNodeSet(context.db, "cohort", cohortId), {
    ...{ code: "COHORT_NOT_FOUND", what: "cohort", id: cohortId },
  });
  await context.db.transaction(async (tx) => {
    const now = context.clock.now();
    await moveToCohort(tx, { nodeId: node.id, cohortId: cohort.id, now });
    const detail = { cohortId: cohort.id };
    const change = { action: "node.assign-cohort", object: node.id, detail };
    await recordChange(tx, { context, request }, change);
  });
  return { item: nodeItem(node) };
}

async function listNodes(
  context: ApiContext,
  request: FastifyRequest,
  nodeIds: readonly string[],
): Promise<object> {
  const nodes = await findNodes(context.db, nodeIds);
  const page = { page: 1, size: Math.max(1, nodes.length) };
  return pageOf(nodes.map(nodeItem), nodes.length, { request: page, url: request.url });
}

const approveRoute = routeOptions({
  ...nodeChange,
  operationId: "approveNode",
  summary: "Let an admitted node connect and get runs",
  errors: ["NODE_NOT_FOUND", "NODE_ALREADY_APPROVED"],
});

const several = {
  tag: "nodes",
  body: "node-ids-request",
  answers: { 200: { schema: "node-list", description: "The nodes, all on one page." } },
  errors: ["NODE_UNKNOWN"],
} as const;

const approveSeveralRoute = routeOptions({
  ...several,
  permission: "nodes:write",
  isChange: true,
  operationId: "approveNodes",
  summary: "Let admitted nodes connect and get runs; those that are approved already stay so",
});

const detailsRoute = routeOptions({
  ...several,
  permission: "nodes:read",
  operationId: "getNodesInBulk",
  summary: "Nodes by id or name, in the order of the body",
});

const assignRoute = routeOptions({
  ...nodeChange,
  operationId: "assignCohort",
  summary: "Take a node out of its cohorts and put it into another",
  params: { ...nodeChange.params, cohortId: "Id or name of the cohort." },
  errors: ["NODE_NOT_FOUND", "COHORT_NOT_FOUND"],
});
