import { CourierError } from "@courier/core";
import type { FastifyRequest } from "fastify";
import { idempotencyKeyLengthMax } from "./limits.ts";

/** The request's idempotency key, if it has one; throws REQUEST_INVALID when it is too short or too long. */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key === "string" && key.length > 0 && key.length <= idempotencyKeyLengthMax)
    return key;
  throw new CourierError(
    "REQUEST_INVALID",
    `header Idempotency-Key must have 1 to ${idempotencyKeyLengthMax} characters`,
  );
}
