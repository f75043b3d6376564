import { CourierError } from "@courier/core";
import type { SchemaTypes } from "@courier/schema";
import { changeUserAttributes } from "@courier/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { takesNamedValuesAs } from "./array-body.ts";
import { recordChange } from "./audit.ts";
import { requireNode } from "./known-nodes.ts";
import { nodeItem } from "./node-json.ts";
import { nodeChange, type OfNode } from "./nodes.ts";
import { routeOptions } from "./route-schema.ts";

type Values = SchemaTypes["node-tags-request"]["tags"];

interface OfNamespace {
  readonly Params: { readonly nodeId: string; readonly namespace: string };
}

/** Namespaces that the platform alone writes (semantics.md section 8). */
const platformNamespaces = ["agent", "gohai", "aws", "azure", "enroll"];

const prefix = "/node/management/v1/nodes/:nodeId";

/** What users attach to nodes: tags, and attributes in namespaces of their own. */
export function addNodeAttributeRoutes(app: FastifyInstance, context: ApiContext): void {
  for (const action of ["modify", "update"] as const) {
    app.post<OfNode & { Body: SchemaTypes["node-tags-request"] }>(
      `${prefix}/tags/${action}`,
      { ...tagRoutes[action], preValidation: takesNamedValuesAs("tags") },
      async (request) => {
        const { nodeId } = request.params;
        const values = request.body.tags;
        return change(context, request, { nodeId, namespace: "tags", action, values });
      },
    );
    app.post<OfNamespace & { Body: SchemaTypes["node-attributes-request"] }>(
      `${prefix}/attributes/:namespace/${action}`,
      { ...attributeRoutes[action], preValidation: takesNamedValuesAs("attributes") },
      async (request) => {
        const { nodeId, namespace } = request.params;
        requireNamespaceOfUsers(namespace);
        const values = request.body.attributes;
        return change(context, request, { nodeId, namespace, action, values });
      },
    );
  }
}

/** `modify` changes what the body names, `update` replaces all that users set; what the node reports stays. */
async function change(
  context: ApiContext,
  request: FastifyRequest,
  asked: {
    readonly nodeId: string;
    readonly namespace: string;
    readonly action: "modify" | "update";
    readonly values: Values;
  },
): Promise<object> {
  const { nodeId, namespace, action, values } = asked;
  const { id } = await requireNode(context.db, nodeId);
  await context.db.transaction(async (tx) => {
    await changeUserAttributes(tx, {
      nodeId: id,
      now: context.clock.now(),
      change: (before) => {
        // The column holds what this function wrote to it.
        const attributes = JSON.parse(before) as Record<string, Record<string, string>>;
        const { [namespace]: own, ...others } = attributes;
        const kept = action === "modify" ? own : {};
        const merged = Object.entries({ ...kept, ...values }).filter(([, value]) => value !== null);
        const isEmpty = merged.length === 0;
        return JSON.stringify(
          isEmpty ? others : { ...others, [namespace]: Object.fromEntries(merged) },
        );
      },
    });
    const what = namespace === "tags" ? { tags: values } : { namespace, attributes: values };
    const kind = namespace === "tags" ? "tags" : "attributes";
    const entry = { action: `node.${action}-${kind}`, object: id, detail: what };
    await recordChange(tx, { context, request }, entry);
  });
  return { item: nodeItem(await requireNode(context.db, id)) };
}

function requireNamespaceOfUsers(namespace: string): void {
  if (!platformNamespaces.includes(namespace)) return;
  const own = platformNamespaces.join(", ");
  const message = `namespace ${JSON.stringify(namespace)} is the platform's own, as ${own} are: choose "tags" or a name of yours`;
  throw new CourierError("BODY_INVALID", message, {
    details: [{ pointer: "/namespace", message }],
  });
}

const tagRoutes = {
  modify: routeOptions({
    ...nodeChange,
    operationId: "modifyTags",
    summary: "Change some tags of a node",
    body: "node-tags-request",
  }),
  update: routeOptions({
    ...nodeChange,
    operationId: "updateTags",
    summary: "Replace all tags that users attached to a node",
    body: "node-tags-request",
  }),
};

const inNamespace = {
  ...nodeChange,
  params: {
    ...nodeChange.params,
    namespace: `A namespace of yours, or tags; ${platformNamespaces.join(", ")} are the platform's own.`,
  },
  body: "node-attributes-request",
} as const;

const attributeRoutes = {
  modify: routeOptions({
    ...inNamespace,
    operationId: "modifyAttributes",
    summary: "Change some attributes of a namespace on a node",
  }),
  update: routeOptions({
    ...inNamespace,
    operationId: "updateAttributes",
    summary: "Replace all attributes that users attached to a node in a namespace",
  }),
};
