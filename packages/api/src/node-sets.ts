import { CourierError } from "@courier/core";
import type { FilterConstraints, NodeSet, SchemaTypes } from "@courier/schema";
import {
  addNodeSetMembers,
  deleteNodeSet,
  findFilteredNodes,
  findJobUsing,
  findNodes,
  findNodeSet,
  findNodesInSet,
  insertNodeSet,
  listNodeSetMembers,
  listNodeSets,
  removeNodeSetMembers,
  replaceNodeSetMembers,
  updateCohort,
  updateConstraints,
  type Db,
  type NodeSetKind,
  type NodeSetRow,
} from "@courier/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { takesArrayAs } from "./array-body.ts";
import { recordChange } from "./audit.ts";
import { requireNodes } from "./known-nodes.ts";
import { nodeItem } from "./node-json.ts";
import { nodeSetRoutes } from "./node-set-routes.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf, type PageQuery } from "./pagination.ts";
import { principalOf } from "./request-context.ts";
import { rfc3339 } from "./rfc3339.ts";
import { requireSoundFilter } from "./sound-filter.ts";

type CohortRequest = SchemaTypes["cohort-request"];
type SavedFilterRequest = SchemaTypes["saved-filter-request"];
type SavedListRequest = SchemaTypes["saved-list-request"];

/** What a set is made of: constraints or members, depending on its kind. */
interface NewNodeSet extends Omit<CohortRequest, "nodeIds"> {
  readonly constraints?: FilterConstraints;
  readonly nodeIds?: readonly string[];
}

interface OfSet {
  readonly Params: { readonly setId: string };
}

const prefix = "/node/management/v1";

/** Saved filters, saved lists and cohorts: what targets name instead of nodes (semantics.md sections 4 and 8). */
export function addNodeSetRoutes(app: FastifyInstance, context: ApiContext): void {
  app.post<{ Body: SavedFilterRequest }>(
    `${prefix}/filters`,
    nodeSetRoutes.filter.create,
    async (request, reply) => {
      requireSoundFilter(request.body.constraints);
      reply.code(201);
      return create(context, request, { kind: "filter", ...request.body });
    },
  );
  app.post<{ Body: SchemaTypes["adhoc-filter-request"]; Querystring: PageQuery }>(
    `${prefix}/filters/run`,
    nodeSetRoutes.filter.runAdhoc,
    async (request) => {
      requireSoundFilter(request.body.constraints);
      return nodePage(
        context,
        request,
        await findFilteredNodes(context.db, request.body.constraints),
      );
    },
  );
  app.get<OfSet & { Querystring: PageQuery }>(
    `${prefix}/filters/:setId/nodes`,
    nodeSetRoutes.filter.run,
    async (request) => {
      const set = await findSet(context, "filter", request.params.setId);
      return nodePage(context, request, await findNodesInSet(context.db, set));
    },
  );
  app.put<OfSet & { Body: SchemaTypes["adhoc-filter-request"] }>(
    `${prefix}/filters/:setId`,
    nodeSetRoutes.filter.update,
    async (request) => updateFilter(context, request),
  );
  app.post<{ Body: SavedListRequest }>(
    `${prefix}/lists`,
    nodeSetRoutes.list.create,
    async (request, reply) => {
      reply.code(201);
      return create(context, request, { kind: "list", ...request.body });
    },
  );
  app.post<{ Body: CohortRequest }>(
    `${prefix}/cohorts`,
    nodeSetRoutes.cohort.create,
    async (request, reply) => {
      reply.code(201);
      return create(context, request, { kind: "cohort", ...request.body });
    },
  );
  app.put<OfSet & { Body: SchemaTypes["cohort-update-request"] }>(
    `${prefix}/cohorts/:setId`,
    nodeSetRoutes.cohort.update,
    async (request) => changeCohort(context, request),
  );
  for (const kind of ["filter", "list", "cohort"] as const) addCommonRoutes(app, context, kind);
  for (const kind of ["list", "cohort"] as const) addMemberRoutes(app, context, kind);
}

function addCommonRoutes(app: FastifyInstance, context: ApiContext, kind: NodeSetKind): void {
  const routes = nodeSetRoutes[kind];
  app.get<{ Querystring: SchemaTypes["node-set-list-query"] }>(
    `${prefix}/${kind}s`,
    routes.list,
    async (request) => {
      const page = pageRequestOf(request.query);
      const { name, keyword } = request.query;
      const { items, total } = await listNodeSets(context.db, {
        ...page,
        kind,
        ...(name === undefined ? {} : { name }),
        ...(keyword === undefined ? {} : { keyword }),
      });
      return pageOf(items.map(nodeSetItem), total, { request: page, url: request.url });
    },
  );
  app.get<OfSet & { Querystring: SchemaTypes["node-set-query"] }>(
    `${prefix}/${kind}s/:setId`,
    routes.get,
    async (request) => {
      const set = await findSet(context, kind, request.params.setId);
      return { item: await detail(context, set, request.query.expand ?? false) };
    },
  );
  app.delete<OfSet>(`${prefix}/${kind}s/:setId`, routes.delete, async (request) =>
    remove(context, request, kind),
  );
}

function addMemberRoutes(
  app: FastifyInstance,
  context: ApiContext,
  kind: Exclude<NodeSetKind, "filter">,
): void {
  const changes = {
    add: addNodeSetMembers,
    remove: removeNodeSetMembers,
    modify: replaceNodeSetMembers,
  } as const;
  for (const action of ["add", "remove", "modify"] as const) {
    app.post<OfSet & { Body: SchemaTypes["node-ids-request"] }>(
      `${prefix}/${kind}s/:setId/nodes/${action}`,
      { ...nodeSetRoutes[kind][action], preValidation: takesArrayAs("nodeIds") },
      async (request) => {
        const set = await findSet(context, kind, request.params.setId);
        const nodeIds = await requireNodes(context.db, request.body.nodeIds, "/nodeIds");
        await context.db.transaction(async (tx) => {
          await changes[action](tx, { setId: set.id, nodeIds, now: context.clock.now() });
          const change = {
            action: `${kind}.${action}-nodes`,
            object: set.id,
            detail: { nodeCount: nodeIds.length },
          };
          await recordChange(tx, { context, request }, change);
        });
        return idItem(set);
      },
    );
  }
}

async function create(
  context: ApiContext,
  request: FastifyRequest,
  asked: NewNodeSet & { readonly kind: NodeSetKind },
): Promise<object> {
  const { kind, name, description = "", settingId = "", skillAssemblyId = "" } = asked;
  const nodeIds = await requireNodes(context.db, asked.nodeIds ?? [], "/nodeIds");
  const now = context.clock.now();
  const row = {
    id: context.newId(),
    kind,
    name,
    description,
    constraints: asked.constraints === undefined ? "" : JSON.stringify(asked.constraints),
    settingId,
    skillAssemblyId,
    approvalNeeded: asked.approvalNeeded ?? false,
    createdAt: now,
    updatedAt: now,
    createdBy: principalOf(request).tokenId,
  };
  await context.db.transaction(async (tx) => {
    const outcome = await insertNodeSet(tx, row, nodeIds);
    if (!outcome.ok) {
      throw new CourierError(
        "NODE_SET_NAME_TAKEN",
        `${kind} name ${JSON.stringify(name)} is taken by ${kind} ${outcome.id}`,
      );
    }
    const change = { action: `${kind}.create`, object: row.id, detail: { name } };
    await recordChange(tx, { context, request }, change);
  });
  return idItem(row);
}

/** Everything but the constraints stays, the name too. */
async function updateFilter(
  context: ApiContext,
  request: FastifyRequest<OfSet & { Body: SchemaTypes["adhoc-filter-request"] }>,
): Promise<object> {
  const { constraints } = request.body;
  requireSoundFilter(constraints);
  const set = await findSet(context, "filter", request.params.setId);
  await context.db.transaction(async (tx) => {
    await updateConstraints(tx, {
      setId: set.id,
      constraints: JSON.stringify(constraints),
      now: context.clock.now(),
    });
    const change = { action: "filter.update", object: set.id, detail: { name: set.name } };
    await recordChange(tx, { context, request }, change);
  });
  return idItem(set);
}

/** What the body leaves out stays. */
async function changeCohort(
  context: ApiContext,
  request: FastifyRequest<OfSet & { Body: SchemaTypes["cohort-update-request"] }>,
): Promise<object> {
  const set = await findSet(context, "cohort", request.params.setId);
  const { name, description, approvalNeeded } = request.body;
  await context.db.transaction(async (tx) => {
    if (name !== undefined && name !== set.name) await requireNoJobByName(tx, set);
    const now = context.clock.now();
    const change = { setId: set.id, name, description, approvalNeeded, now };
    if (!(await updateCohort(tx, change))) {
      const message = `cohort name ${JSON.stringify(name)} is taken by another cohort`;
      throw new CourierError("NODE_SET_NAME_TAKEN", message);
    }
    const entry = { action: "cohort.update", object: set.id, detail: { ...request.body } };
    await recordChange(tx, { context, request }, entry);
  });
  return idItem(set);
}

/** Targets may name a cohort by its name: such a job would not find it any more. */
async function requireNoJobByName(tx: Db, set: NodeSetRow): Promise<void> {
  const job = await findJobUsing(tx, { ...set, id: set.name });
  if (job === undefined) return;
  const message = `cohort ${JSON.stringify(set.name)} is the target of job ${JSON.stringify(job.name)} (${job.id}) by this name`;
  throw new CourierError("NODE_SET_IN_USE", message);
}

async function remove(
  context: ApiContext,
  request: FastifyRequest<OfSet>,
  kind: NodeSetKind,
): Promise<object> {
  const set = await findSet(context, kind, request.params.setId);
  await context.db.transaction(async (tx) => {
    const job = await findJobUsing(tx, set);
    if (job !== undefined) {
      throw new CourierError(
        "NODE_SET_IN_USE",
        `${kind} ${JSON.stringify(set.name)} is the target of job ${JSON.stringify(job.name)} (${job.id})`,
      );
    }
    await deleteNodeSet(tx, set.id);
    const change = { action: `${kind}.delete`, object: set.id, detail: { name: set.name } };
    await recordChange(tx, { context, request }, change);
  });
  return idItem(set);
}

async function findSet(context: ApiContext, kind: NodeSetKind, id: string): Promise<NodeSetRow> {
  const codes = {
    filter: "FILTER_NOT_FOUND",
    list: "LIST_NOT_FOUND",
    cohort: "COHORT_NOT_FOUND",
  } as const;
  return found(await findNodeSet(context.db, kind, id), { code: codes[kind], what: kind, id });
}

async function nodePage(
  context: ApiContext,
  request: FastifyRequest<{ Querystring: PageQuery }>,
  nodeIds: readonly string[],
): Promise<object> {
  const page = pageRequestOf(request.query);
  const start = (page.page - 1) * page.size;
  const nodes = await findNodes(context.db, nodeIds.slice(start, start + page.size));
  return pageOf(nodes.map(nodeItem), nodeIds.length, { request: page, url: request.url });
}

/** `{"filterId"}`, `{"listId"}` or `{"cohortId"}`. */
function idItem({ kind, id }: Pick<NodeSetRow, "kind" | "id">): object {
  return { item: { [`${kind}Id`]: id } };
}

async function detail(context: ApiContext, row: NodeSetRow, isExpanded: boolean): Promise<NodeSet> {
  if (row.kind === "filter") return nodeSetItem(row);
  const nodeIds = await listNodeSetMembers(context.db, row.id);
  const nodes = isExpanded ? await findNodes(context.db, nodeIds) : [];
  return {
    ...nodeSetItem(row),
    nodeIds,
    ...(isExpanded ? { nodes: nodes.map(nodeItem) } : {}),
  };
}

function nodeSetItem(row: NodeSetRow): NodeSet {
  return {
    createdAt: rfc3339(row.createdAt),
    description: row.description,
    id: row.id,
    name: row.name,
    updatedAt: rfc3339(row.updatedAt),
    // The column holds what was validated when the filter was saved.
    ...(row.kind === "filter"
      ? { constraints: JSON.parse(row.constraints) as FilterConstraints }
      : {}),
    ...(row.kind === "cohort"
      ? {
          approvalNeeded: row.approvalNeeded,
          settingId: row.settingId,
          skillAssemblyId: row.skillAssemblyId,
        }
      : {}),
  };
}
