import type { ErrorCode } from "@courier/core";
import {
  routeOptions,
  type RouteDescription,
  type RouteOptions,
  type SchemaName,
} from "./route-schema.ts";

const notFound = {
  filter: "FILTER_NOT_FOUND",
  list: "LIST_NOT_FOUND",
  cohort: "COHORT_NOT_FOUND",
} as const satisfies Record<string, ErrorCode>;

type Kind = keyof typeof notFound;

const id = { schema: "node-set-id-response" } as const;

type Routes<Name extends string> = Readonly<Record<Name, RouteOptions>>;
type CommonRoutes = Routes<"create" | "list" | "get" | "delete">;
type MemberRoutes = Routes<"add" | "remove" | "modify">;

/** The routes of one kind of node set that all kinds have. */
function commonRoutes(kind: Kind, body: SchemaName): CommonRoutes {
  const named = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return {
    create: changing({
      operationId: `create${named}`,
      summary: `Create a ${kind}`,
      body,
      answers: { 201: { ...id, description: `The ${kind} was created.` } },
      errors: ["NODE_SET_NAME_TAKEN", "NODE_UNKNOWN"],
    }),
    list: reading({
      operationId: `list${named}s`,
      summary: `${named}s, newest first`,
      query: "node-set-list-query",
      answers: { 200: { schema: "node-set-list", description: `A page of ${kind}s.` } },
    }),
    get: reading({
      operationId: `get${named}`,
      summary: `One ${kind}`,
      params: { setId: `Id or name of the ${kind}.` },
      query: "node-set-query",
      answers: { 200: { schema: "node-set-response", description: `The ${kind}.` } },
      errors: [notFound[kind]],
    }),
    delete: changing({
      operationId: `delete${named}`,
      summary: `Delete a ${kind} that no job uses`,
      params: { setId: `Id or name of the ${kind}.` },
      answers: { 200: { ...id, description: `The ${kind} was deleted.` } },
      errors: [notFound[kind], "NODE_SET_IN_USE"],
    }),
  };
}

/** The routes of a kind that has members. */
function memberRoutes(kind: Exclude<Kind, "filter">): MemberRoutes {
  const named = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  const change = {
    params: { setId: `Id or name of the ${kind}.` },
    body: "node-ids-request",
    answers: { 200: { ...id, description: `The ${kind} was changed.` } },
    errors: [notFound[kind], "NODE_UNKNOWN"],
  } as const;
  return {
    add: changing({ ...change, operationId: `addTo${named}`, summary: `Add nodes to a ${kind}` }),
    remove: changing({
      ...change,
      operationId: `removeFrom${named}`,
      summary: `Remove nodes from a ${kind}`,
    }),
    modify: changing({
      ...change,
      operationId: `replaceIn${named}`,
      summary: `Replace the nodes of a ${kind}`,
    }),
  };
}

const nodes = { 200: { schema: "node-list", description: "A page of nodes." } } as const;

/** What each route of saved filters, saved lists and cohorts is. */
export const nodeSetRoutes: {
  readonly filter: CommonRoutes & Routes<"run" | "runAdhoc" | "update">;
  readonly list: CommonRoutes & MemberRoutes;
  readonly cohort: CommonRoutes & MemberRoutes & Routes<"update">;
} = {
  filter: {
    ...commonRoutes("filter", "saved-filter-request"),
    update: changing({
      operationId: "updateFilter",
      summary: "Replace the constraints of a filter",
      params: { setId: "Id or name of the filter." },
      body: "adhoc-filter-request",
      answers: { 200: { ...id, description: "The filter was changed." } },
      errors: ["FILTER_NOT_FOUND"],
    }),
    run: reading({
      operationId: "runSavedFilter",
      summary: "The nodes that a saved filter describes now",
      params: { setId: "Id or name of the filter." },
      query: "page-query",
      answers: nodes,
      errors: ["FILTER_NOT_FOUND"],
    }),
    runAdhoc: reading({
      operationId: "runAdhocFilter",
      summary: "The nodes that a filter describes now",
      query: "page-query",
      body: "adhoc-filter-request",
      answers: nodes,
    }),
  },
  list: { ...commonRoutes("list", "saved-list-request"), ...memberRoutes("list") },
  cohort: {
    ...commonRoutes("cohort", "cohort-request"),
    ...memberRoutes("cohort"),
    update: changing({
      operationId: "updateCohort",
      summary: "Change the name, the description or the approval of a cohort",
      params: { setId: "Id or name of the cohort." },
      body: "cohort-update-request",
      answers: { 200: { ...id, description: "The cohort was changed." } },
      errors: ["COHORT_NOT_FOUND", "NODE_SET_NAME_TAKEN", "NODE_SET_IN_USE"],
    }),
  },
};

type Described = Omit<RouteDescription, "tag" | "permission" | "isChange">;

function reading(route: Described): RouteOptions {
  return routeOptions({ ...route, tag: "nodes", permission: "nodes:read" });
}

function changing(route: Described): RouteOptions {
  return routeOptions({ ...route, tag: "nodes", permission: "nodes:write", isChange: true });
}
