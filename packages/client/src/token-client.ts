import type { ApiTokenList, ApiTokenResponse } from "@courier/schema";

import {
  jsonBody,
  type BodyCall,
  type CallOptions,
  type Filters,
  type PageQuery,
  type PostOptions,
} from "./call-options.ts";
import type { ListAnswer } from "./large-page.ts";

/** API tokens. */
export interface TokenClient {
  /** Never sent twice: a lost answer would leave a token behind that nobody knows. */
  createToken(call: BodyCall): Promise<ApiTokenResponse>;
  listTokens(query: PageQuery, options: CallOptions): Promise<ApiTokenList>;
  revokeToken(tokenId: string, options: CallOptions): Promise<void>;
}

/** How requests are sent. */
interface Requests {
  readonly list: <T extends ListAnswer>(
    path: string,
    query: PageQuery & Filters,
    options: CallOptions,
  ) => Promise<T>;
  readonly post: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly remove: <T>(path: string, options: CallOptions) => Promise<T>;
}

const tokens = "/courier/access-api/v1/tokens";

/** The methods about API tokens. */
export function createTokenClient({ list, post, remove }: Requests): TokenClient {
  return {
    createToken: (call) => post(tokens, { ...jsonBody(call), isRepeatable: false }),
    listTokens: (query, call) => list(tokens, { ...query }, call),
    revokeToken: (id, call) => remove(`${tokens}/${encodeURIComponent(id)}`, call),
  };
}
