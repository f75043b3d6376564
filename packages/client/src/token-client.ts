import type { ApiTokenList, ApiTokenResponse } from "@courier/schema";

import type { BodyCall, CallOptions, Filters, PageQuery, PostOptions } from "./call-options.ts";

/** API tokens. */
export interface TokenClient {
  /** Never sent twice: a lost answer would leave a token behind that nobody knows. */
  createToken(call: BodyCall): Promise<ApiTokenResponse>;
  listTokens(query: PageQuery, options: CallOptions): Promise<ApiTokenList>;
  revokeToken(tokenId: string, options: CallOptions): Promise<void>;
}

/** How requests are sent. */
interface Requests {
  readonly get: <T>(path: string, query: Filters, options: CallOptions) => Promise<T>;
  readonly post: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly remove: <T>(path: string, options: CallOptions) => Promise<T>;
}

const tokens = "/courier/access-api/v1/tokens";

/** The methods about API tokens. */
export function createTokenClient({ get, post, remove }: Requests): TokenClient {
  return {
    createToken: ({ body, signal }) => {
      const headers = { "Content-Type": "application/json" };
      const text = JSON.stringify(body);
      return post(tokens, { signal, body: text, headers, isRepeatable: false });
    },
    listTokens: (query, call) => get(tokens, { ...query }, call),
    revokeToken: (id, call) => remove(`${tokens}/${encodeURIComponent(id)}`, call),
  };
}
