import { CourierError } from "@courier/core";
import type { FastifyRequest } from "fastify";
import { isAllowed, rolesWith } from "./permission.ts";
import { principalOf } from "./request-context.ts";

/** Throws FORBIDDEN unless the caller may override global exceptions: whoever may change them. */
export function requireExemption(request: FastifyRequest): void {
  const { role, tokenName } = principalOf(request);
  if (isAllowed(role, "exceptions:write")) return;
  throw new CourierError(
    "FORBIDDEN",
    `token "${tokenName}" has the role ${role}; ignoreExceptions needs ${rolesWith("exceptions:write").join(" or ")}`,
  );
}
