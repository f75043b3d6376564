import type { TokenRole } from "@courier/schema";
import type { FastifyRequest } from "fastify";
import type { Permission } from "./permission.ts";

/** Who makes a request: the token it came with. */
export interface Principal {
  readonly tokenId: string;
  readonly tokenName: string;
  readonly role: TokenRole;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the route asks of its caller; "none" needs no token. */
    permission?: Permission | "none";
    /** A change is refused while the service drains. */
    isChange?: boolean;
    /** Not counted against a rate limit (probes). */
    isUnlimited?: boolean;
  }
  interface FastifyRequest {
    /** Set on every route that asks for a permission. */
    principal: Principal | null;
  }
}

/** The authenticated caller; asking for it on a route without a permission is a defect. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error(`route ${request.url} has no principal`);
  return request.principal;
}
