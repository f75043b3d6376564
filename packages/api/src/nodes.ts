import type { SchemaTypes } from "@courier/schema";
import { findNodeSet, insertEnrollmentKey, listNodes, setNodesArchived } from "@courier/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { enrollNode } from "./enroll-node.ts";
import { enrollmentKeyLifetimeDefaultSeconds, enrollmentKeyUsesDefault } from "./limits.ts";
import { requireNode } from "./known-nodes.ts";
import { nodeItem } from "./node-json.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf } from "./pagination.ts";
import { principalOf } from "./request-context.ts";
import { rfc3339 } from "./rfc3339.ts";
import { routeOptions } from "./route-schema.ts";
import { mintEnrollmentKey } from "./secrets.ts";

type NodeListQuery = SchemaTypes["node-list-query"];
type EnrollmentKeyRequest = SchemaTypes["enrollment-key-request"];
type NodeEnrollRequest = SchemaTypes["node-enroll-request"];

/** A route about one node. */
export interface OfNode {
  readonly Params: { readonly nodeId: string };
}

const prefix = "/node/management/v1";

/** The fleet: its nodes, and the keys that admit new ones. */
export function addNodeRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<{ Querystring: NodeListQuery }>(`${prefix}/nodes`, listRoute, async (request) =>
    listPage(context, request),
  );
  app.get<OfNode>(`${prefix}/nodes/:nodeId`, getRoute, async (request) => ({
    item: nodeItem(await requireNode(context.db, request.params.nodeId)),
  }));
  for (const action of ["archive", "unarchive"] as const) {
    app.post<OfNode>(
      `${prefix}/nodes/:nodeId/${action}`,
      action === "archive" ? archiveRoute : unarchiveRoute,
      async (request) => setArchived(context, request, action),
    );
  }
  app.post<{ Body: EnrollmentKeyRequest }>(
    `${prefix}/enrollment-keys`,
    keyRoute,
    async (request, reply) => createKey(context, request, reply),
  );
  app.post<{ Body: NodeEnrollRequest }>(`${prefix}/enroll`, enrollRoute, async (request, reply) => {
    reply.code(201);
    return enrollNode(context, request);
  });
}

async function listPage(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: NodeListQuery }>,
): Promise<object> {
  const { name, healthStatus, isArchived } = request.query;
  const page = pageRequestOf(request.query);
  const { items, total } = await listNodes(context.db, {
    ...page,
    ...(name === undefined ? {} : { name }),
    ...(healthStatus === undefined ? {} : { online: healthStatus === "online" }),
    ...(isArchived === undefined ? {} : { isArchived }),
  });
  return pageOf(items.map(nodeItem), total, { request: page, url: request.url });
}

async function setArchived(
  context: ApiContext,
  request: FastifyRequest<OfNode>,
  action: "archive" | "unarchive",
): Promise<object> {
  const { id } = await requireNode(context.db, request.params.nodeId);
  const now = context.clock.now();
  await context.db.transaction(async (tx) => {
    const archivedAt = action === "archive" ? now : null;
    const changed = await setNodesArchived(tx, { nodeIds: [id], archivedAt, now });
    if (changed.length === 0) return;
    await recordChange(tx, { context, request }, { action: `node.${action}`, object: id });
  });
  return { item: nodeItem(await requireNode(context.db, id)) };
}

async function createKey(
  context: ApiContext,
  request: FastifyRequest<{ Body: EnrollmentKeyRequest }>,
  reply: FastifyReply,
): Promise<object> {
  const { expiresInSeconds = enrollmentKeyLifetimeDefaultSeconds, uses } = request.body;
  const cohortId = await cohortOf(context, request.body.cohortId);
  const key = mintEnrollmentKey();
  const id = context.newId();
  const now = context.clock.now();
  const expiresAt = now + expiresInSeconds * 1000;
  await context.db.transaction(async (tx) => {
    await insertEnrollmentKey(tx, {
      id,
      hash: key.hash,
      prefix: key.prefix,
      expiresAt,
      usesLeft: uses ?? enrollmentKeyUsesDefault,
      createdAt: now,
      createdBy: principalOf(request).tokenId,
      cohortId,
    });
    const detail = { prefix: key.prefix, ...(cohortId === undefined ? {} : { cohortId }) };
    const change = { action: "enrollment-key.create", object: id, detail };
    await recordChange(tx, { context, request }, change);
  });
  reply.code(201).header("cache-control", "no-store");
  return { item: { expiresAt: rfc3339(expiresAt), key: key.text } };
}

async function cohortOf(
  context: ApiContext,
  identifier: string | undefined,
): Promise<string | undefined> {
  if (identifier === undefined) return undefined;
  const cohort = await findNodeSet(context.db, "cohort", identifier);
  return found(cohort, { code: "COHORT_NOT_FOUND", what: "cohort", id: identifier }).id;
}

const listRoute = routeOptions({
  operationId: "listNodes",
  summary: "Nodes, newest first",
  tag: "nodes",
  permission: "nodes:read",
  query: "node-list-query",
  answers: { 200: { schema: "node-list", description: "A page of nodes." } },
});

const getRoute = routeOptions({
  operationId: "getNode",
  summary: "One node",
  tag: "nodes",
  permission: "nodes:read",
  params: { nodeId: "Id or name of the node." },
  answers: { 200: { schema: "node-response", description: "The node." } },
  errors: ["NODE_NOT_FOUND"],
});

const keyRoute = routeOptions({
  operationId: "createEnrollmentKey",
  summary: "Create a key that admits nodes",
  tag: "nodes",
  permission: "nodes:write",
  isChange: true,
  body: "enrollment-key-request",
  answers: { 201: { schema: "enrollment-key-response", description: "The key, shown this once." } },
  errors: ["COHORT_NOT_FOUND"],
});

const enrollRoute = routeOptions({
  operationId: "enrollNode",
  summary: "Admit a node",
  description: "The enrolment key in the body is the credential.",
  tag: "nodes",
  permission: "none",
  isChange: true,
  body: "node-enroll-request",
  answers: { 201: { schema: "node-enroll-response", description: "The node was admitted." } },
  errors: ["ENROLLMENT_KEY_INVALID", "NODE_NAME_TAKEN"],
});

/** What routes that change one node have in common. */
export const nodeChange = {
  tag: "nodes",
  permission: "nodes:write",
  isChange: true,
  params: { nodeId: "Id or name of the node." },
  answers: { 200: { schema: "node-response", description: "The node as it is now." } },
  errors: ["NODE_NOT_FOUND"],
} as const;

const archiveRoute = routeOptions({
  ...nodeChange,
  operationId: "archiveNode",
  summary: "Leave a node out of lists and targets",
});

const unarchiveRoute = routeOptions({
  ...nodeChange,
  operationId: "unarchiveNode",
  summary: "Take an archived node back",
});
