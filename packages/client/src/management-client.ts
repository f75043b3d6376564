import type {
  FleetNode,
  NodeList,
  NodeSetIdResponse,
  NodeSetList,
  NodeSetResponse,
} from "@courier/schema";

import {
  jsonBody,
  type BodyCall,
  type CallOptions,
  type Filters,
  type PageQuery,
  type PostOptions,
} from "./call-options.ts";

import { readPage, type ListAnswer } from "./large-page.ts";

/** What targets name instead of nodes. */
export type NodeSetKind = "filter" | "list" | "cohort";

interface NodeAnswer {
  readonly item: FleetNode;
}

/** Nodes, and what targets name instead of them. */
export interface ManagementClient {
  listNodes(query: PageQuery & Filters, options: CallOptions): Promise<NodeList>;
  getNode(nodeId: string, options: CallOptions): Promise<{ readonly item: FleetNode }>;
  /** `modify` changes the tags of the body, `update` replaces all that users set. */
  changeTags(nodeId: string, action: "modify" | "update", call: BodyCall): Promise<NodeAnswer>;
  /** The same for attributes in a namespace of users. */
  changeAttributes(
    of: { readonly nodeId: string; readonly namespace: string },
    action: "modify" | "update",
    call: BodyCall,
  ): Promise<NodeAnswer>;
  /** Not sent twice: the second answer would say that it is approved already. */
  approveNode(nodeId: string, options: CallOptions): Promise<NodeAnswer>;
  approveNodes(call: BodyCall): Promise<NodeList>;
  /** Nodes by id or name, in the order of the body. */
  getNodes(call: BodyCall): Promise<NodeList>;
  assignCohort(nodeId: string, cohortId: string, options: CallOptions): Promise<NodeAnswer>;
  archiveNode(nodeId: string, options: CallOptions): Promise<NodeAnswer>;
  unarchiveNode(nodeId: string, options: CallOptions): Promise<NodeAnswer>;
  /** Not sent twice: the second answer would say that the name is taken. */
  createNodeSet(kind: NodeSetKind, call: BodyCall): Promise<NodeSetIdResponse>;
  listNodeSets(
    kind: NodeSetKind,
    query: PageQuery & Filters,
    options: CallOptions,
  ): Promise<NodeSetList>;
  getNodeSet(
    kind: NodeSetKind,
    id: string,
    options: CallOptions & { readonly isExpanded?: boolean },
  ): Promise<NodeSetResponse>;
  deleteNodeSet(kind: NodeSetKind, id: string, options: CallOptions): Promise<NodeSetIdResponse>;
  changeMembers(
    set: { readonly kind: "list" | "cohort"; readonly id: string },
    action: "add" | "remove" | "modify",
    call: BodyCall,
  ): Promise<NodeSetIdResponse>;
  updateCohort(id: string, call: BodyCall): Promise<NodeSetIdResponse>;
  updateFilter(id: string, call: BodyCall): Promise<NodeSetIdResponse>;
  runAdhocFilter(query: PageQuery, call: BodyCall): Promise<NodeList>;
  runSavedFilter(id: string, query: PageQuery, options: CallOptions): Promise<NodeList>;
}

/** How requests are sent. */
interface Requests {
  readonly list: <T extends ListAnswer>(
    path: string,
    query: PageQuery & Filters,
    options: CallOptions,
  ) => Promise<T>;
  readonly get: <T>(path: string, query: Filters, options: CallOptions) => Promise<T>;
  readonly post: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly put: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly remove: <T>(path: string, options: CallOptions) => Promise<T>;
}

const management = "/node/management/v1";

/** The methods about nodes. */
export function createManagementClient({
  get,
  list,
  post,
  put,
  remove,
}: Requests): ManagementClient {
  const node = (id: string): string => `${management}/nodes/${encodeURIComponent(id)}`;
  const set = (kind: NodeSetKind, id: string): string =>
    `${management}/${kind}s/${encodeURIComponent(id)}`;

  return {
    listNodes: (query, call) => list(`${management}/nodes`, query, call),
    getNode: (id, call) => get(node(id), {}, call),
    changeTags: (id, action, call) => post(`${node(id)}/tags/${action}`, jsonBody(call)),
    changeAttributes: ({ nodeId, namespace }, action, call) =>
      post(`${node(nodeId)}/attributes/${encodeURIComponent(namespace)}/${action}`, jsonBody(call)),
    approveNode: (id, call) => post(`${node(id)}/approve`, { ...call, isRepeatable: false }),
    approveNodes: (call) => post(`${management}/nodes/approve`, jsonBody(call)),
    getNodes: (call) => post(`${management}/nodes/details`, jsonBody(call)),
    assignCohort: (id, cohortId, call) =>
      post(`${node(id)}/cohort/${encodeURIComponent(cohortId)}`, call),
    archiveNode: (id, call) => post(`${node(id)}/archive`, call),
    unarchiveNode: (id, call) => post(`${node(id)}/unarchive`, call),
    createNodeSet: (kind, call) =>
      post(`${management}/${kind}s`, { ...jsonBody(call), isRepeatable: false }),
    listNodeSets: (kind, query, call) => list(`${management}/${kind}s`, query, call),
    getNodeSet: (kind, id, { isExpanded, signal }) =>
      get(set(kind, id), { expand: isExpanded === true ? "true" : undefined }, { signal }),
    deleteNodeSet: (kind, id, call) => remove(set(kind, id), call),
    changeMembers: ({ kind, id }, action, call) =>
      post(`${set(kind, id)}/nodes/${action}`, jsonBody(call)),
    updateCohort: (id, call) => put(set("cohort", id), jsonBody(call)),
    updateFilter: (id, call) => put(set("filter", id), jsonBody(call)),
    runAdhocFilter: (query, call) =>
      readPage(query, (part) =>
        post<NodeList>(`${management}/filters/run`, { ...jsonBody(call), query: { ...part } }),
      ),
    runSavedFilter: (id, query, call) => list(`${set("filter", id)}/nodes`, { ...query }, call),
  };
}
