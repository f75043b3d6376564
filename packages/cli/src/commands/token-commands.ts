import type { ApiToken, ApiTokenResponse } from "@courier/schema";

import { pageOptions, type CommandSpec } from "../command.ts";
import type { Column } from "../render/table.ts";
import { bodyOptions } from "../template/read-body.ts";
import { readDocument } from "../template/read-document.ts";
import { readPageQuery } from "../usage/page-query.ts";

/** `user-account self create-token` */
export const createToken: CommandSpec = {
  options: bodyOptions,
  notes:
    'Body: {"name": "ci", "expiration": "2027-01-31T00:00:00Z", "role": "operator"}. Without an expiration it is good until it is\n' +
    "deleted; role is admin, operator, node-manager or viewer, default that of the token in use. The secret is shown this once.\n" +
    "A profile takes either the token (Token) or its two halves (AccessKey and SecretKey).",
  examples: [
    {
      title: "a token for CI",
      body: { name: "ci", expiration: "2027-01-31T00:00:00Z", role: "operator" },
    },
  ],
  run: async (context, flags) => {
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await context.printItem(await client.createToken({ body, signal }), newTokenRows);
    return 0;
  },
};

/** `user-account self list-tokens` */
export const listTokens: CommandSpec = {
  options: pageOptions,
  run: async (context, flags) => {
    const query = readPageQuery(flags);
    const client = await context.client();
    await context.printList(await client.listTokens(query, context.world), tokenColumns);
    return 0;
  },
};

/** `user-account self delete-token` */
export const deleteToken: CommandSpec = {
  options: [{ flag: "--tokenId <ID>", summary: "the token's id", isRequired: true }],
  notes: "Whoever uses the token is refused from now on.",
  run: async (context, flags) => {
    const id = flags.need("tokenId");
    const client = await context.client();
    await client.revokeToken(id, context.world);
    await context.printItem({ item: { id } }, [{ header: "id", value: (item) => item.id }]);
    return 0;
  },
};

const tokenColumns: readonly Column<ApiToken>[] = [
  { header: "id", value: (token) => token.id },
  { header: "name", value: (token) => token.name, isShrinkable: true },
  { header: "access key", value: (token) => token.accessKey },
  { header: "role", value: (token) => token.role },
  { header: "created", value: (token) => token.createdAt },
  { header: "expires", value: (token) => token.expiresAt },
];

const newTokenRows: readonly Column<ApiTokenResponse["item"]>[] = [
  ...tokenColumns,
  { header: "secret key", value: (token) => token.secretKey },
  { header: "token", value: (token) => token.token },
];
