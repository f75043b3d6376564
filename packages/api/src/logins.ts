import { tokenOf, type Clock } from "@courier/core";
import type { SchemaTypes } from "@courier/schema";
import type { FastifyInstance } from "fastify";
import { unauthenticated, type Authenticator } from "./authenticator.ts";
import { loginCodeMs, loginCodesMax } from "./limits.ts";
import { routeOptions } from "./route-schema.ts";
import { hashSecret, mintLoginCode } from "./secrets.ts";

type LoginRequest = SchemaTypes["login-request"];
type LoginResponse = SchemaTypes["login-response"];
type AccessTokenRequest = SchemaTypes["access-token-request"];
type AccessTokenResponse = SchemaTypes["access-token-response"];

const prefix = "/platform/user-accounts/v1/user/api-token";

/**
 * The original's login in two requests, for scripts that know no other: a key pair gives a code, the code an access
 * token. That one is the API token itself, so that revoking it ends everything.
 */
export function addLoginRoutes(
  app: FastifyInstance,
  { authenticator, clock }: { readonly authenticator: Authenticator; readonly clock: Clock },
): void {
  const codes = new LoginCodes(clock);
  app.post<{ Body: LoginRequest }>(
    `${prefix}/login`,
    loginRoute,
    async ({ body }, reply): Promise<LoginResponse> => {
      const token = tokenOf(body);
      await authenticator.authenticateToken(token);
      const oauthCode = codes.add({ token, state: body.state });
      void reply.header("cache-control", "no-store");
      return { code: 200, item: { oauthCode } };
    },
  );
  app.post<{ Body: AccessTokenRequest }>(
    `${prefix}/jwt`,
    accessTokenRoute,
    async ({ body }, reply): Promise<AccessTokenResponse> => {
      const accessToken = codes.take(body);
      if (accessToken === undefined) throw unauthenticated("the login code is not valid");
      void reply.header("cache-control", "no-store");
      return { code: 200, item: { accessToken } };
    },
  );
}

interface Login {
  readonly token: string;
  readonly state: string | undefined;
}

/** Codes that were given out and not taken yet; in memory, because they live for a minute. */
class LoginCodes {
  readonly #clock: Clock;
  readonly #logins = new Map<string, Login & { readonly endsAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new code; the oldest one goes when there are too many. */
  add(login: Login): string {
    const code = mintLoginCode();
    const [oldest] = this.#logins.keys();
    if (this.#logins.size >= loginCodesMax && oldest !== undefined) this.#logins.delete(oldest);
    const endsAtMs = this.#clock.monotonicMs() + loginCodeMs;
    this.#logins.set(hashSecret(code), { ...login, endsAtMs });
    return code;
  }

  /** The token that a code stands for, once and with the state of the login only. */
  take({ oauthCode, state }: AccessTokenRequest): string | undefined {
    const hash = hashSecret(oauthCode);
    const login = this.#logins.get(hash);
    this.#logins.delete(hash);
    if (login === undefined || login.endsAtMs <= this.#clock.monotonicMs()) return undefined;
    return login.state === state ? login.token : undefined;
  }
}

const loginRoute = routeOptions({
  operationId: "login",
  summary: "Log in with an access key and its secret key",
  description: "The first of two requests; `Authorization: Bearer` with the token needs neither.",
  tag: "tokens",
  permission: "none",
  body: "login-request",
  answers: { 200: { schema: "login-response", description: "A code for an access token." } },
  errors: ["UNAUTHENTICATED"],
});

const accessTokenRoute = routeOptions({
  operationId: "createAccessToken",
  summary: "Exchange a login code for an access token",
  tag: "tokens",
  permission: "none",
  body: "access-token-request",
  answers: { 200: { schema: "access-token-response", description: "The access token." } },
  errors: ["UNAUTHENTICATED"],
});
