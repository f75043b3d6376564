import { CourierError, tokenOf, type Clock } from "@courier/core";
import type { TokenRole } from "@courier/schema";
import { findTokenByHash, type Db, type TokenRow } from "@courier/store";
import { principalCacheMax, principalCacheMs } from "./limits.ts";
import type { Principal } from "./request-context.ts";
import { hashSecret } from "./secrets.ts";

/** What of a request's headers says who makes it. */
export interface Credentials {
  readonly authorization?: string | undefined;
  /** The original's way, with `api-secret`. */
  readonly "api-key"?: string | string[] | undefined;
  readonly "api-secret"?: string | string[] | undefined;
}

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

  /** The principal of a request; throws UNAUTHENTICATED with the reason. */
  async authenticate(credentials: Credentials): Promise<Principal> {
    return await this.authenticateToken(presentedToken(credentials));
  }

  /** The principal of a token's text; throws as `authenticate` does. */
  async authenticateToken(text: string): Promise<Principal> {
    const token = await this.#find(hashSecret(text));
    if (token === undefined) throw unauthenticated("the token is not valid");
    if (token.expiresAt !== null && token.expiresAt <= this.#clock.now()) {
      throw unauthenticated(`token "${token.name}" has expired`);
    }
    // The column's CHECK constraint allows the roles only.
    return { tokenId: token.id, tokenName: token.name, role: token.role as TokenRole };
  }

  /** Whether this request's token is remembered, which makes authenticating it free. */
  remembers(credentials: Credentials): boolean {
    const text = findToken(credentials);
    return text !== undefined && this.#recall(hashSecret(text)) !== undefined;
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

function presentedToken(credentials: Credentials): string {
  const text = findToken(credentials);
  if (text !== undefined) return text;
  throw unauthenticated(
    credentials.authorization === undefined
      ? "no Authorization header"
      : "the Authorization header is not a bearer token",
  );
}

/** An `Authorization` header counts alone; without one, `api-key` and `api-secret` do. */
function findToken({ authorization, ...keys }: Credentials): string | undefined {
  if (authorization !== undefined) return bearer.exec(authorization)?.[1];
  const { "api-key": accessKey, "api-secret": secretKey } = keys;
  if (typeof accessKey !== "string" || typeof secretKey !== "string") return undefined;
  return tokenOf({ accessKey, secretKey });
}

/** The error for a caller that is not known, with what to do. */
export function unauthenticated(reason: string): CourierError {
  return new CourierError(
    "UNAUTHENTICATED",
    `${reason}; send \`Authorization: Bearer <token>\` with a valid API token`,
  );
}
