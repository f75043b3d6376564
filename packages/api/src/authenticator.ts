import { CourierError, type Clock } from "@courier/core";
import type { TokenRole } from "@courier/schema";
import { findTokenByHash, type Db, type TokenRow } from "@courier/store";
import { principalCacheMax, principalCacheMs } from "./limits.ts";
import type { Principal } from "./request-context.ts";
import { hashSecret } from "./secrets.ts";

interface Remembered {
  readonly token: TokenRow;
  readonly forgetAtMs: number;
}

/**
 * Turns a bearer token into its principal. A known token is remembered for a moment, so that a revoked one may live on
 * for that long on other replicas; on this one `forget` ends it at once.
 */
export class Authenticator {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #known = new Map<string, Remembered>();

  constructor(db: Db, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The principal of an `Authorization` header; throws UNAUTHENTICATED with the reason. */
  async authenticate(authorization: string | undefined): Promise<Principal> {
    const token = await this.#find(hashSecret(bearerOf(authorization)));
    if (token === undefined) throw unauthenticated("the token is not valid");
    if (token.expiresAt !== null && token.expiresAt <= this.#clock.now()) {
      throw unauthenticated(`token "${token.name}" has expired`);
    }
    // The column's CHECK constraint allows the roles only.
    return { tokenId: token.id, tokenName: token.name, role: token.role as TokenRole };
  }

  /** Whether this header's token is remembered, which makes authenticating it free. */
  remembers(authorization: string | undefined): boolean {
    const match = bearer.exec(authorization ?? "");
    return match !== null && this.#recall(hashSecret(match[1] ?? "")) !== undefined;
  }

  /** Forgets every remembered token: one was revoked. */
  forget(): void {
    this.#known.clear();
  }

  async #find(hash: string): Promise<TokenRow | undefined> {
    const remembered = this.#recall(hash);
    if (remembered !== undefined) return remembered;
    const token = await findTokenByHash(this.#db, hash);
    if (token !== undefined) this.#remember(hash, token);
    return token;
  }

  #recall(hash: string): TokenRow | undefined {
    const remembered = this.#known.get(hash);
    if (remembered === undefined || remembered.forgetAtMs <= this.#clock.monotonicMs()) {
      return undefined;
    }
    return remembered.token;
  }

  #remember(hash: string, token: TokenRow): void {
    if (this.#known.size >= principalCacheMax) this.#known.clear();
    const forgetAtMs = this.#clock.monotonicMs() + principalCacheMs;
    this.#known.set(hash, { token, forgetAtMs });
  }
}

const bearer = /^Bearer +(\S+) *$/i;

function bearerOf(authorization: string | undefined): string {
  if (authorization === undefined) throw unauthenticated("no Authorization header");
  const match = bearer.exec(authorization);
  if (match === null) throw unauthenticated("the Authorization header is not a bearer token");
  return match[1] ?? "";
}

function unauthenticated(reason: string): CourierError {
  return new CourierError(
    "UNAUTHENTICATED",
    `${reason}; send \`Authorization: Bearer <token>\` with a valid API token`,
  );
}
