import type { RouteCase } from "./route-case.ts";

/** Where nodes are, and what targets name instead of them. */
export const managementPath = "/node/management/v1";

const management = managementPath;

const paging = { query: "?page=0" };

const manage = { method: "POST", role: "node-manager", forbidden: "operator" } as const;

/** What filters, lists and cohorts have in common; `:otherList` and the like are there to be deleted. */
function setRoutes(kind: "filter" | "list" | "cohort", body: object): RouteCase[] {
  const path = `${management}/${kind}s`;
  const notFound = `${kind.toUpperCase()}_NOT_FOUND`;
  const other = `other${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return [
    { method: "GET", path, role: "viewer", invalid: paging },
    { ...manage, path, body: { name: `by ${kind}`, ...body }, invalid: { body: { name: "" } } },
    {
      method: "GET",
      path: `${path}/:${kind}`,
      role: "viewer",
      notFound,
      invalid: { query: "?expand=perhaps" },
    },
    { ...manage, method: "DELETE", path: `${path}/:${other}`, notFound },
  ];
}

/** Ends of paths that have a second parameter, filled in. */
export const secondParameters = { namespace: "attributes/site/", cohort: "cohort/cohort" } as const;

/** Nodes, and what targets name instead of them. */
export const managementRoutes: readonly RouteCase[] = [
  { method: "GET", path: `${management}/nodes`, role: "node-manager", invalid: paging },
  {
    method: "GET",
    path: `${management}/nodes/:node`,
    role: "node-manager",
    notFound: "NODE_NOT_FOUND",
  },
  ...["tags/modify", "tags/update", "archive", "unarchive"].map((change) => ({
    ...manage,
    path: `${management}/nodes/:otherNode/${change}`,
    notFound: "NODE_NOT_FOUND",
    ...(change.startsWith("tags") ? { body: { tags: {} }, invalid: { body: { tags: 1 } } } : {}),
  })),
  ...["modify", "update"].map((change) => ({
    ...manage,
    path: `${management}/nodes/:node/${secondParameters.namespace}${change}`,
    notFound: "NODE_NOT_FOUND",
    body: { attributes: {} },
    invalid: { body: { attributes: 1 } },
  })),
  { ...manage, path: `${management}/nodes/:newNode/approve`, notFound: "NODE_NOT_FOUND" },
  ...["approve", "details"].map((action) => ({
    ...manage,
    ...(action === "details" ? { forbidden: undefined } : {}),
    path: `${management}/nodes/${action}`,
    body: { nodeIds: ["web-1"] },
    invalid: { body: { nodeIds: 1 } },
  })),
  {
    ...manage,
    path: `${management}/nodes/:node/${secondParameters.cohort}`,
    notFound: "NODE_NOT_FOUND",
  },
  {
    ...manage,
    method: "PUT",
    path: `${management}/cohorts/:cohort`,
    notFound: "COHORT_NOT_FOUND",
    body: { description: "changed" },
    invalid: { body: {} },
  },
  ...setRoutes("filter", { constraints: {} }),
  ...setRoutes("list", { nodeIds: ["web-1"] }),
  ...setRoutes("cohort", {}),
  {
    ...manage,
    path: `${management}/filters/run`,
    forbidden: undefined,
    body: { constraints: {} },
    invalid: { body: {} },
  },
  {
    ...manage,
    method: "PUT",
    path: `${management}/filters/:filter`,
    notFound: "FILTER_NOT_FOUND",
    body: { constraints: {} },
    invalid: { body: { constraints: 1 } },
  },
  {
    ...manage,
    method: "GET",
    path: `${management}/filters/:filter/nodes`,
    forbidden: undefined,
    notFound: "FILTER_NOT_FOUND",
    invalid: paging,
  },
  ...(["list", "cohort"] as const).flatMap((kind) =>
    ["add", "remove", "modify"].map((action) => ({
      ...manage,
      path: `${management}/${kind}s/:${kind}/nodes/${action}`,
      notFound: `${kind.toUpperCase()}_NOT_FOUND`,
      body: { nodeIds: ["web-1"] },
      invalid: { body: { nodeIds: 1 } },
    })),
  ),
];
