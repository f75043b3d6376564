import { schemas } from "@courier/schema";
import type { FastifyPluginCallback, FastifySchema } from "fastify";
import type { KnownRoute } from "./route-list.ts";

/**
 * The OpenAPI document of these routes. It is made when it is first asked for, on an instance of its own: a service
 * that nobody asks spends no memory on it.
 */
export async function writeOpenApi(
  routes: readonly KnownRoute[],
  version: string,
): Promise<string> {
  const [{ default: fastify }, { default: swagger }] = await Promise.all([
    import("fastify"),
    import("@fastify/swagger"),
  ]);
  const app = fastify({ logger: false, exposeHeadRoutes: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, { openapi: documentFrame(version) });
  app.register(routesPlugin(routes));
  await app.ready();
  const document = app.swagger();
  await app.close();
  return JSON.stringify({ ...document, components: components() });
}

function routesPlugin(routes: readonly KnownRoute[]): FastifyPluginCallback {
  return (app, _, done) => {
    for (const { methods, url, schema } of routes) {
      const method = methods.filter((one) => one !== "HEAD" && one !== "OPTIONS");
      if (method.length === 0 || schema === undefined) continue;
      const flat = withInlineQuery(schema);
      app.route({ method, url, schema: flat, handler: () => undefined });
    }
    done();
  };
}

function documentFrame(version: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Courier",
      description:
        "A self-hosted fleet job runner: one template in, exactly one recorded outcome per node out.",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    components: { securitySchemes },
  };
}

const securitySchemes = {
  bearer: { type: "http", scheme: "bearer", description: "An API token, `cou_…`." },
  accessKey: { type: "apiKey", in: "header", name: "api-key", description: "Half of a token." },
  secretKey: { type: "apiKey", in: "header", name: "api-secret", description: "The other half." },
};

function components(): object {
  return {
    securitySchemes,
    schemas: withInternalRefs({ ...schemas }),
  };
}

/** A query's properties become parameters, which cannot refer to the document they came from. */
function withInlineQuery(schema: FastifySchema): FastifySchema {
  if (schema.querystring === undefined) return schema;
  return { ...schema, querystring: inlined(schema.querystring) };
}

function inlined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inlined);
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value && typeof value.$ref === "string") return inlined(resolve(value.$ref));
  const entries = Object.entries(value).filter(([key]) => key !== "$id" && key !== "$schema");
  return Object.fromEntries(entries.map(([key, entry]) => [key, inlined(entry)]));
}

function resolve(ref: string): unknown {
  const [name = "", definition = ""] = ref.split("#/$defs/", 2);
  const document = Object.entries(schemas).find(([known]) => known === name)?.[1];
  const definitions = document?.["$defs"];
  const found = new Map<string, unknown>(Object.entries(definitions ?? {})).get(definition);
  if (found === undefined) throw new Error(`a query schema refers to ${ref}, which does not exist`);
  return found;
}

/** Our documents refer to each other by name; within one OpenAPI document they stand under components. */
function withInternalRefs(value: unknown, within = ""): unknown {
  if (Array.isArray(value)) return value.map((entry) => withInternalRefs(entry, within));
  if (typeof value !== "object" || value === null) return value;
  const own = "$id" in value && typeof value.$id === "string" ? value.$id : within;
  const entries = Object.entries(value)
    .filter(([key]) => key !== "$id" && key !== "$schema")
    .map(([key, entry]: [string, unknown]) => [
      key,
      key === "$ref" && typeof entry === "string"
        ? internalRef(entry, own)
        : withInternalRefs(entry, own),
    ]);
  return Object.fromEntries(entries);
}

function internalRef(ref: string, within: string): string {
  if (ref.startsWith("#/components/")) return ref;
  const [document = "", pointer = ""] = ref.split("#", 2);
  return `#/components/schemas/${document === "" ? within : document}${pointer}`;
}
