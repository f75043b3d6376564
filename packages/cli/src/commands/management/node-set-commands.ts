import type { NodeSetKind } from "@courier/client";
import type { NodeSet, NodeSetIdResponse } from "@courier/schema";

import { pageOptions, type CommandSpec, type OptionSpec } from "../../command.ts";
import type { Column } from "../../render/table.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import { readPageQuery } from "../../usage/page-query.ts";

/** The flag that names one set of a kind: `--filterId`, `--listId`, `--cohortId`. */
export function setOption(kind: NodeSetKind): OptionSpec {
  return { flag: `--${kind}Id <ID>`, summary: `the ${kind}'s id or name`, isRequired: true };
}

/** A switch of the original that may carry a value: `--expand`, `--expand=false`. */
export function expandOption(summary: string): OptionSpec {
  return { flag: "--expand [BOOLEAN]", summary, choices: ["true", "false"] };
}

/** `management <kind> create-<kind>` */
export function createCommand(
  kind: NodeSetKind,
  help: Required<Pick<CommandSpec, "notes" | "examples">>,
): CommandSpec {
  return {
    options: bodyOptions,
    ...help,
    run: async (context, flags) => {
      const body = await readDocument(flags, context.world.stdin);
      const client = await context.client();
      const { signal } = context.world;
      await context.printItem(await client.createNodeSet(kind, { body, signal }), idRows);
      return 0;
    },
  };
}

/** `management <kind> find-all-<kind>s` */
export function findAllCommand(kind: NodeSetKind): CommandSpec {
  return {
    options: [
      { flag: "--name <NAME>", summary: `only the ${kind} with this name` },
      { flag: "--keyword <TEXT>", summary: "only those with this text in their names" },
      expandOption("show everything (the default), or with false ids and names only"),
      ...pageOptions,
    ],
    run: async (context, flags) => {
      const query = {
        ...readPageQuery(flags),
        name: flags.text("name"),
        keyword: flags.text("keyword"),
      };
      const client = await context.client();
      const answer = await client.listNodeSets(kind, query, context.world);
      if (flags.isTrue("expand", true)) await context.printList(answer, setColumns);
      else {
        const items = answer.items.map(({ id, name }) => ({ id, name }));
        await context.printList({ ...answer, items }, nameColumns);
      }
      return 0;
    },
  };
}

/** `management <kind> find-one-<kind>` */
export function findOneCommand(kind: NodeSetKind): CommandSpec {
  const expand = expandOption("show the nodes too, not only their ids");
  return {
    options: kind === "filter" ? [setOption(kind)] : [setOption(kind), expand],
    run: async (context, flags) => {
      const id = flags.need(`${kind}Id`);
      // A person at a table looks for names.
      const isExpanded = flags.isTrue("expand", context.format === "table" && kind !== "filter");
      const client = await context.client();
      const { signal } = context.world;
      await context.printItem(await client.getNodeSet(kind, id, { isExpanded, signal }), setRows);
      return 0;
    },
  };
}

/** `management <kind> delete-<kind>` */
export function deleteCommand(kind: NodeSetKind): CommandSpec {
  return {
    options: [setOption(kind)],
    notes: "Refused while a job that can still start targets it.",
    run: async (context, flags) => {
      const id = flags.need(`${kind}Id`);
      const client = await context.client();
      await context.printItem(await client.deleteNodeSet(kind, id, context.world), idRows);
      return 0;
    },
  };
}

/** `management <kind> add-nodes`, `remove-nodes` and `modify-nodes` */
export function membersCommand(
  kind: "list" | "cohort",
  action: "add" | "remove" | "modify",
): CommandSpec {
  return {
    options: [setOption(kind), ...bodyOptions],
    notes: 'Body: {"nodeIds": ["web-1", …]} or ["web-1", …], ids or names.',
    examples: [{ title: "two nodes", body: { nodeIds: ["web-1", "web-2"] } }],
    run: async (context, flags) => {
      const id = flags.need(`${kind}Id`);
      const body = await readDocument(flags, context.world.stdin);
      const client = await context.client();
      const { signal } = context.world;
      const answer = await client.changeMembers({ kind, id }, action, { body, signal });
      await context.printItem(answer, idRows);
      return 0;
    },
  };
}

/** What a change of a set answers with. */
export const idRows: readonly Column<NodeSetIdResponse["item"]>[] = [
  { header: "id", value: (item) => item.filterId ?? item.listId ?? item.cohortId },
];

const nameColumns: readonly Column<Pick<NodeSet, "id" | "name">>[] = [
  { header: "id", value: (set) => set.id },
  { header: "name", value: (set) => set.name, isShrinkable: true },
];

const setColumns: readonly Column<NodeSet>[] = [
  { header: "id", value: (set) => set.id },
  { header: "name", value: (set) => set.name, isShrinkable: true },
  { header: "description", value: (set) => set.description, isShrinkable: true },
  { header: "created", value: (set) => set.createdAt },
];

const setRows: readonly Column<NodeSet>[] = [
  ...setColumns,
  { header: "updated", value: (set) => set.updatedAt },
  { header: "approval", value: (set) => (set.approvalNeeded === true ? "needed" : "") },
  {
    header: "constraints",
    value: (set) => (set.constraints === undefined ? "" : JSON.stringify(set.constraints)),
  },
  {
    header: "nodes",
    value: (set) => (set.nodes?.map(({ name }) => name) ?? set.nodeIds ?? []).join(", "),
  },
];
