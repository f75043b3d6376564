import { CourierError } from "@courier/core";
import type { FastifyRequest, preValidationAsyncHookHandler } from "fastify";

/** Lets a route take its body also as the array that the original's scripts send: `["web-1"]` for `{"nodeIds": ["web-1"]}`. */
export function takesArrayAs(name: string): preValidationAsyncHookHandler {
  return async (request: FastifyRequest) => {
    if (Array.isArray(request.body)) request.body = { [name]: request.body as unknown };
  };
}

/** Lets a route take tags or attributes also as the original's scripts send them: `[{"name", "value"}]` for `{"tags": {name: value}}`. */
export function takesNamedValuesAs(name: "tags" | "attributes"): preValidationAsyncHookHandler {
  return async (request: FastifyRequest) => {
    if (!Array.isArray(request.body)) return;
    const values = request.body.map((entry: unknown, index) => namedValue(name, entry, index));
    request.body = { [name]: Object.fromEntries(values) as unknown };
  };
}

function namedValue(field: string, entry: unknown, index: number): readonly [string, unknown] {
  if (typeof entry === "object" && entry !== null && "name" in entry && "value" in entry) {
    if (typeof entry.name === "string") return [entry.name, entry.value];
  }
  throw new CourierError(
    "BODY_INVALID",
    `the body's /${index}: expected {"name": …, "value": …}, or give {"${field}": {name: value}}`,
  );
}
