import { CourierError, keyPairOf } from "@courier/core";
import type { SchemaTypes } from "@courier/schema";
import { deleteToken, insertToken, listTokens, type TokenRow } from "@courier/store";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import type { Authenticator } from "./authenticator.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf } from "./pagination.ts";
import { principalOf } from "./request-context.ts";
import { rfc3339, rfc3339OrNull } from "./rfc3339.ts";
import { routeOptions } from "./route-schema.ts";
import { mintToken } from "./secrets.ts";

type PageQuery = SchemaTypes["page-query"];
type ApiToken = SchemaTypes["api-token"];
type ApiTokenRequest = SchemaTypes["api-token-request"];
type ApiTokenResponse = SchemaTypes["api-token-response"];

const prefix = "/courier/access-api/v1/tokens";

interface OneToken {
  readonly Params: { readonly tokenId: string };
}

/** API tokens: creating, listing and revoking them. */
export function addTokenRoutes(
  app: FastifyInstance,
  context: ApiContext,
  authenticator: Authenticator,
): void {
  app.get<{ Querystring: PageQuery }>(prefix, listRoute, async (request) => {
    const page = pageRequestOf(request.query);
    const { items, total } = await listTokens(context.db, page);
    return pageOf(items.map(tokenItem), total, { request: page, url: request.url });
  });
  app.post<{ Body: ApiTokenRequest }>(prefix, createRoute, async (request, reply) =>
    create(context, request, reply),
  );
  app.delete<OneToken>(`${prefix}/:tokenId`, revokeRoute, async (request, reply) => {
    await revoke(context, request);
    authenticator.forget();
    return reply.code(204).send();
  });
}

async function create(
  context: ApiContext,
  request: FastifyRequest<{ Body: ApiTokenRequest }>,
  reply: FastifyReply,
): Promise<ApiTokenResponse> {
  const { name, role = principalOf(request).role } = request.body;
  const now = context.clock.now();
  const expiresAt = endOf(request.body, now);
  const minted = mintToken();
  const row = {
    id: context.newId(),
    name,
    prefix: minted.prefix,
    hash: minted.hash,
    role,
    createdAt: now,
    expiresAt,
  };
  await context.db.transaction(async (tx) => {
    await insertToken(tx, row);
    const change = { action: "token.create", object: row.id, detail: { name, role } };
    await recordChange(tx, { context, request }, change);
  });
  reply.code(201).header("cache-control", "no-store");
  const { secretKey } = keyPairOf(minted.text);
  return { item: { ...tokenItem(row), secretKey, token: minted.text } };
}

/** When the token that is asked for ends, Unix time, ms. */
function endOf({ expiration, expiresInSeconds }: ApiTokenRequest, now: number): number | null {
  if (expiration === undefined) {
    return expiresInSeconds === undefined ? null : now + expiresInSeconds * 1000;
  }
  if (expiresInSeconds !== undefined) {
    throw invalidExpiration("given together with expiresInSeconds; one of them is enough");
  }
  const end = Date.parse(expiration);
  if (end <= now) throw invalidExpiration(`${expiration} is in the past`);
  return end;
}

function invalidExpiration(message: string): CourierError {
  const details = [{ pointer: "/expiration", message }];
  return new CourierError("BODY_INVALID", `the body's expiration: ${message}`, { details });
}

async function revoke(context: ApiContext, request: FastifyRequest<OneToken>): Promise<void> {
  const { tokenId } = request.params;
  await context.db.transaction(async (tx) => {
    const isDeleted = await deleteToken(tx, tokenId);
    found(isDeleted || undefined, { code: "TOKEN_NOT_FOUND", what: "token", id: tokenId });
    await recordChange(tx, { context, request }, { action: "token.revoke", object: tokenId });
  });
}

function tokenItem(row: TokenRow): ApiToken {
  return {
    createdAt: rfc3339(row.createdAt),
    expiresAt: rfc3339OrNull(row.expiresAt),
    accessKey: row.prefix,
    id: row.id,
    name: row.name,
    // The column's CHECK constraint allows the roles only.
    role: row.role as ApiToken["role"],
  };
}

const listRoute = routeOptions({
  operationId: "listTokens",
  summary: "API tokens without their secrets, newest first",
  tag: "tokens",
  permission: "tokens:read",
  query: "page-query",
  answers: { 200: { schema: "api-token-list", description: "A page of tokens." } },
});

const createRoute = routeOptions({
  operationId: "createToken",
  summary: "Create an API token",
  tag: "tokens",
  permission: "tokens:write",
  isChange: true,
  body: "api-token-request",
  answers: { 201: { schema: "api-token-response", description: "The token, shown this once." } },
});

const revokeRoute = routeOptions({
  operationId: "revokeToken",
  summary: "Revoke an API token",
  tag: "tokens",
  permission: "tokens:write",
  isChange: true,
  params: { tokenId: "Id of the token." },
  answers: { 204: { description: "The token is revoked." } },
  errors: ["TOKEN_NOT_FOUND"],
});
