import { CourierError, type ErrorDetail } from "@courier/core";
import { schemas, validateBody } from "@courier/schema";
import type { FastifySchemaCompiler } from "fastify";
import type { SchemaName } from "./route-schema.ts";

type RequestValidator = ReturnType<FastifySchemaCompiler<unknown>>;

const componentPrefix = "#/components/schemas/";

/**
 * Fastify's validator compiler: bodies and queries are checked against our own documents by `@courier/schema`, which
 * names every mistake. Path parameters need no check: what does not exist is not found.
 */
export const compileRequestValidator: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  if (httpPart === "body") return isBinary(schema) ? () => true : bodyValidator(documentOf(schema));
  if (httpPart === "querystring") return queryValidator(documentOf(schema));
  return () => true;
};

function isBinary(schema: unknown): boolean {
  return (schema as { readonly format?: string }).format === "binary";
}

function bodyValidator(name: SchemaName): RequestValidator {
  // A template's text is checked by the route itself, which knows its format and gives every problem its line.
  if (name === "job-template") return () => true;
  return (data: unknown) => {
    const result = validateBody(name, data ?? {});
    if (result.ok) return { value: data ?? {} };
    const details = result.problems.map(({ pointer, message }) => ({ pointer, message }));
    return {
      error: new CourierError("BODY_INVALID", summaryOf("the body", result.problems), { details }),
    };
  };
}

function queryValidator(name: SchemaName): RequestValidator {
  const types = propertyTypes(name);
  return (data: unknown) => {
    const query = readTypes(data, types);
    const result = validateBody(name, query);
    if (result.ok) return { value: query };
    const details = result.problems.map(({ pointer, message }) => ({ pointer, message }));
    return {
      error: new CourierError("REQUEST_INVALID", summaryOf("the query", result.problems), {
        details,
      }),
    };
  };
}

/** One sentence for several mistakes: the first, and how many more there are. */
export function summaryOf(what: string, problems: readonly ErrorDetail[]): string {
  const [first] = problems;
  if (first === undefined) return `${what} is not valid`;
  const place = first.pointer === "" ? what : `${what}'s ${first.pointer.slice(1)}`;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more, see details)` : "";
  return `${place}: ${first.message}${more}`;
}

function documentOf(schema: unknown): SchemaName {
  const { $ref, $id } = schema as { readonly $ref?: string; readonly $id?: string };
  const name =
    $ref?.startsWith(componentPrefix) === true ? $ref.slice(componentPrefix.length) : $id;
  if (name === undefined || !(name in schemas)) throw new Error(`unknown schema ${String(name)}`);
  // The lookup above has just found it among the documents.
  return name as SchemaName;
}

/** The declared type of each parameter: a query string has only text. */
function propertyTypes(name: SchemaName): ReadonlyMap<string, unknown> {
  const properties = schemas[name]["properties"] ?? {};
  return new Map(
    Object.entries(properties).map(([property, schema]) => [
      property,
      (schema as { readonly type?: unknown }).type,
    ]),
  );
}

/** Reads numbers and booleans out of text where the schema wants them; what does not look like one stays text. */
function readTypes(data: unknown, types: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const query: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(data ?? {}) as [string, unknown][]) {
    query[name] = typeof value === "string" ? readType(value, types.get(name)) : value;
  }
  return query;
}

function readType(text: string, type: unknown): unknown {
  if (type === "integer" && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
