import type { CommandSpec } from "../../command.ts";
import { pageOptions } from "../../command.ts";
import { nodeColumns } from "../../render/columns.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import { readPageQuery } from "../../usage/page-query.ts";
import {
  createCommand,
  deleteCommand,
  findAllCommand,
  findOneCommand,
  setOption,
} from "./node-set-commands.ts";

const constraintsNote =
  'Constraints: {"attributes": [{"name", "operator": "=" | "!=" | "MATCHES" | "CONTAINS", "value": […], "namespace": […]}],\n' +
  '"skills": [{"name", "version": [">= 1.0.0"]}], "enrollmentLevel": {"operator", "value"}, "healthStatus": {"operator", "value"}}.\n' +
  "All must hold; the values of one are any-of.";

/** `management filter create-filter` */
export const createFilter: CommandSpec = createCommand(
  "filter",
  `Body: {"name": "web", "constraints": {…}}.\n${constraintsNote}`,
);

/** `management filter find-one-filter` */
export const findOneFilter: CommandSpec = findOneCommand("filter");

/** `management filter find-all-filters` */
export const findAllFilters: CommandSpec = findAllCommand("filter");

/** `management filter delete-filter` */
export const deleteFilter: CommandSpec = deleteCommand("filter");

/** Scripts pass it to the original; here the nodes always come in full. */
const expandOption = {
  flag: "--expand <BOOLEAN>",
  summary: "accepted as the original does; nodes are always shown in full",
  choices: ["true", "false"],
};

/** `management filter run-adhocFilter` */
export const runAdhocFilter: CommandSpec = {
  options: [...bodyOptions, expandOption, ...pageOptions],
  notes: `Body: {"constraints": {…}}.\n${constraintsNote}`,
  run: async (context, flags) => {
    const query = readPageQuery(flags);
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await context.printList(await client.runAdhocFilter(query, { body, signal }), nodeColumns);
    return 0;
  },
};

/** `management filter run-savedFilter` */
export const runSavedFilter: CommandSpec = {
  options: [setOption("filter"), expandOption, ...pageOptions],
  run: async (context, flags) => {
    const id = flags.need("filterId");
    const client = await context.client();
    const answer = await client.runSavedFilter(id, readPageQuery(flags), context.world);
    await context.printList(answer, nodeColumns);
    return 0;
  },
};
