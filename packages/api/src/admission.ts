import { CourierError, type Clock } from "@courier/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Authenticator } from "./authenticator.ts";
import { rateCallersMax, type ApiLimits } from "./limits.ts";
import { isAllowed, rolesWith, type Permission } from "./permission.ts";
import { RateLimiter, type RateVerdict } from "./rate-limiter.ts";
import type { Principal } from "./request-context.ts";

/** What admission works with. */
export interface AdmissionOptions {
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly limits: ApiLimits;
  readonly isDraining: () => boolean;
}

/** Decides before a body is read whether a request may go on: drain, rate, token, permission, in that order. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #tokens: RateLimiter;
  readonly #addresses: RateLimiter;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#tokens = new RateLimiter(options.limits.tokenRate, rateCallersMax);
    this.#addresses = new RateLimiter(options.limits.addressRate, rateCallersMax);
  }

  /** Rejects with the reason, or resolves with `request.principal` set. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { permission, isChange, isUnlimited } = request.routeOptions.config;
    if (isUnlimited === true) return;
    if (isChange === true && this.#options.isDraining()) throw draining();
    if (permission === undefined || permission === "none") {
      this.#spend(this.#addresses, request.ip, reply);
      return;
    }
    const principal = await this.#authenticate(request, reply);
    this.#spend(this.#tokens, principal.tokenId, reply);
    authorise(principal, permission);
    request.principal = principal;
  }

  /** Only failures cost the address something, so that one bad client behind a proxy does not lock out good tokens. */
  async #authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Principal> {
    const { authenticator, clock } = this.#options;
    const isKnown = authenticator.remembers(request.headers);
    if (!isKnown && this.#addresses.isExhausted(request.ip, clock.monotonicMs())) {
      this.#spend(this.#addresses, request.ip, reply);
    }
    try {
      return await authenticator.authenticate(request.headers);
    } catch (error) {
      this.#addresses.take(request.ip, clock.monotonicMs());
      throw error;
    }
  }

  #spend(limiter: RateLimiter, caller: string, reply: FastifyReply): void {
    const verdict = limiter.take(caller, this.#options.clock.monotonicMs());
    if (!verdict.ok) throw rateLimited(verdict, reply);
  }
}

function authorise(principal: Principal, permission: Permission): void {
  if (isAllowed(principal.role, permission)) return;
  throw new CourierError(
    "FORBIDDEN",
    `token "${principal.tokenName}" has the role ${principal.role}; this needs ${rolesWith(permission).join(" or ")}`,
  );
}

function rateLimited(verdict: RateVerdict & { ok: false }, reply: FastifyReply): CourierError {
  reply.header("retry-after", String(verdict.retryAfterSeconds));
  return new CourierError(
    "RATE_LIMITED",
    `too many requests; try again in ${verdict.retryAfterSeconds} s`,
  );
}

function draining(): CourierError {
  return new CourierError(
    "SERVICE_DRAINING",
    "the service is stopping and takes no changes; try again when it is back",
  );
}
