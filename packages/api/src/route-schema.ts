import { errorCodes, type ErrorCode } from "@courier/core";
import { schemas, type SchemaTypes } from "@courier/schema";
import type { FastifyContextConfig, FastifySchema } from "fastify";
import { rolesWith, type Permission } from "./permission.ts";

/** The name of a schema document. */
export type SchemaName = keyof SchemaTypes;

/** What a route is, for the validator and for the OpenAPI document alike. */
export interface RouteDescription {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag:
    | "jobs"
    | "exceptions"
    | "budgets"
    | "instances"
    | "runs"
    | "nodes"
    | "tokens"
    | "service";
  readonly permission: Permission | "none";
  /** Whether it changes something; refused while the service drains. */
  readonly isChange?: boolean;
  /** Whether it is left out of the rate limit. */
  readonly isUnlimited?: boolean;
  readonly query?: SchemaName;
  readonly body?: SchemaName;
  /** Whether the body is a job template, in any of its formats. */
  readonly template?: boolean;
  /** Whether the body is taken as the bytes that it is. */
  readonly isBinary?: boolean;
  /** Path parameters with what they are. */
  readonly params?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Successful answers by status: a document of ours, or a media type that is not JSON. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Error codes beyond those that every route of its kind has. */
  readonly errors?: readonly ErrorCode[];
}

/** One successful answer. */
export type Answer =
  | { readonly schema: SchemaName; readonly description: string }
  | { readonly mediaType?: string; readonly description: string };

/** The Fastify options of a described route. */
export interface RouteOptions {
  readonly schema: FastifySchema;
  readonly config: FastifyContextConfig;
}

/** Turns a description into Fastify's options. */
export function routeOptions(route: RouteDescription): RouteOptions {
  return {
    schema: routeSchema(route),
    config: {
      permission: route.permission,
      isChange: route.isChange ?? false,
      isUnlimited: route.isUnlimited ?? false,
    },
  };
}

/** A reference to one of our documents, as the OpenAPI document spells it. */
function componentRef(name: SchemaName): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

function routeSchema(route: RouteDescription): FastifySchema {
  return {
    operationId: route.operationId,
    summary: route.summary,
    description: descriptionOf(route),
    tags: [route.tag],
    security: route.permission === "none" ? [] : [{ bearer: [] }, { accessKey: [], secretKey: [] }],
    ...(route.query === undefined ? {} : { querystring: schemas[route.query] }),
    ...(route.body === undefined ? {} : { body: componentRef(route.body) }),
    ...(route.template === true
      ? { consumes: [...templateMediaTypes], body: componentRef("job-template") }
      : {}),
    ...(route.isBinary === true
      ? { consumes: ["application/octet-stream"], body: { type: "string", format: "binary" } }
      : {}),
    ...(route.params === undefined ? {} : { params: stringProperties(route.params, true) }),
    ...(route.headers === undefined ? {} : { headers: stringProperties(route.headers, false) }),
    response: { ...answersOf(route), ...errorAnswersOf(route) },
  };
}

const templateMediaTypes = ["application/json", "application/yaml", "application/toml"] as const;

function descriptionOf(route: RouteDescription): string {
  const access =
    route.permission === "none"
      ? "Needs no token."
      : `Needs ${route.permission}: a token with the role ${rolesWith(route.permission).join(", ")}.`;
  return [route.description, access].filter((text) => text !== undefined).join(" ");
}

function stringProperties(texts: Readonly<Record<string, string>>, isRequired: boolean): object {
  const properties = Object.entries(texts).map(([name, description]) => [
    name,
    { type: "string", description },
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties) as object,
    ...(isRequired ? { required: Object.keys(texts) } : {}),
  };
}

function answersOf(route: RouteDescription): Record<string, object> {
  const answers = Object.entries(route.answers).map(([status, answer]) => [
    status,
    answerSchema(answer),
  ]);
  return Object.fromEntries(answers) as Record<string, object>;
}

function answerSchema(answer: Answer): object {
  const { description } = answer;
  if ("schema" in answer) return { description, ...componentRef(answer.schema) };
  if (answer.mediaType === undefined) return { description, type: "null" };
  return { description, content: { [answer.mediaType]: { schema: { type: "string" } } } };
}

function errorAnswersOf(route: RouteDescription): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route)) {
    const { httpStatus } = errorCodes[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  const answers = [...byStatus].map(([status, codes]) => [
    String(status),
    { description: describeCodes(codes), ...componentRef("error-body") },
  ]);
  return Object.fromEntries(answers) as Record<string, object>;
}

function describeCodes(codes: readonly ErrorCode[]): string {
  return codes.map((code) => `${code}: ${errorCodes[code].help}.`).join("\n");
}

function errorsOf(route: RouteDescription): readonly ErrorCode[] {
  const codes: ErrorCode[] = [...(route.errors ?? [])];
  if (route.query !== undefined) codes.push("REQUEST_INVALID");
  if (route.body !== undefined || route.template === true)
    codes.push("BODY_INVALID", "BODY_TOO_LARGE", "BODY_FORMAT_UNKNOWN");
  if (route.permission !== "none") codes.push("UNAUTHENTICATED", "FORBIDDEN");
  if (route.isUnlimited !== true) codes.push("RATE_LIMITED");
  if (route.isChange === true) codes.push("SERVICE_DRAINING");
  return [...new Set([...codes, "STORE_UNAVAILABLE" as const, "INTERNAL" as const])];
}
