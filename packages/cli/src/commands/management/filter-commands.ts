import type { NodeList } from "@courier/schema";

import { pageOptions, type CommandSpec } from "../../command.ts";
import type { CommandContext } from "../../context.ts";
import { nodeColumns } from "../../render/columns.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import type { Flags } from "../../usage/flags.ts";
import { readPageQuery } from "../../usage/page-query.ts";
import {
  createCommand,
  deleteCommand,
  expandOption,
  findAllCommand,
  findOneCommand,
  idRows,
  setOption,
} from "./node-set-commands.ts";

const constraintsNote =
  'Constraints: {"attributes": [{"name", "operator": "=" | "!=" | "MATCHES" | "CONTAINS", "value": […], "namespace": […]}],\n' +
  '"skills": [{"name", "version": [">= 1.0.0"]}], "enrollmentLevel": {"operator", "value"}, "healthStatus": {"operator", "value"}}.\n' +
  "All must hold; the values of one are any-of.";

const exampleConstraints = [
  {
    title: "linux nodes that are online",
    constraints: {
      attributes: [{ name: "kernel_name", namespace: ["agent"], operator: "=", value: ["Linux"] }],
      healthStatus: { operator: "=", value: "online" },
    },
  },
  {
    title: "nodes with a tag and a recent ansible",
    constraints: {
      attributes: [{ name: "role", namespace: ["tags"], operator: "=", value: ["web", "db"] }],
      skills: [{ name: "ansible", version: [">= 2.14.0"] }],
    },
  },
];

const exampleBodies = exampleConstraints.map(({ title, constraints }) => ({
  title,
  body: { constraints },
}));

/** `management filter create-filter` */
export const createFilter: CommandSpec = createCommand("filter", {
  notes: `Body: {"name": "web", "constraints": {…}}.\n${constraintsNote}`,
  examples: exampleConstraints.map(({ title, constraints }) => ({
    title,
    body: { name: title, constraints },
  })),
});

/** `management filter update-filter` */
export const updateFilter: CommandSpec = {
  options: [setOption("filter"), ...bodyOptions],
  notes: `Body: {"constraints": {…}}; they replace those that there are.\n${constraintsNote}`,
  examples: exampleBodies,
  run: async (context, flags) => {
    const id = flags.need("filterId");
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await context.printItem(await client.updateFilter(id, { body, signal }), idRows);
    return 0;
  },
};

/** `management filter find-one-filter` */
export const findOneFilter: CommandSpec = findOneCommand("filter");

/** `management filter find-all-filters` */
export const findAllFilters: CommandSpec = findAllCommand("filter");

/** `management filter delete-filter` */
export const deleteFilter: CommandSpec = deleteCommand("filter");

const expand = expandOption(
  "show nodes in full (the default), or with false without attributes and skills",
);

async function printNodes(context: CommandContext, flags: Flags, answer: NodeList): Promise<void> {
  if (flags.isTrue("expand", true)) return await context.printList(answer, nodeColumns);
  const items = answer.items.map(
    ({ attributes: _attributes, skills: _skills, installedSkills: _installed, ...node }) => node,
  );
  await context.printList({ ...answer, items }, nodeColumns);
}

/** `management filter run-adhocFilter` */
export const runAdhocFilter: CommandSpec = {
  options: [...bodyOptions, expand, ...pageOptions],
  notes: `Body: {"constraints": {…}}.\n${constraintsNote}`,
  examples: exampleBodies,
  run: async (context, flags) => {
    const query = readPageQuery(flags);
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await printNodes(context, flags, await client.runAdhocFilter(query, { body, signal }));
    return 0;
  },
};

/** `management filter run-savedFilter` */
export const runSavedFilter: CommandSpec = {
  options: [setOption("filter"), expand, ...pageOptions],
  run: async (context, flags) => {
    const id = flags.need("filterId");
    const client = await context.client();
    const answer = await client.runSavedFilter(id, readPageQuery(flags), context.world);
    await printNodes(context, flags, answer);
    return 0;
  },
};
