import type { DisruptionBudget } from "@courier/schema";

import { pageOptions, type CommandSpec, type OptionSpec } from "../../command.ts";
import type { Column } from "../../render/table.ts";
import { bodyOptions } from "../../template/read-body.ts";
import { readDocument } from "../../template/read-document.ts";
import { readPageQuery } from "../../usage/page-query.ts";

const budgetOption: OptionSpec = {
  flag: "--budgetId <ID>",
  summary: "the budget's id or name",
  isRequired: true,
};

const bodyNote =
  'Body: {"name": "db", "constraints": {"attributes": [{"name": "role", "operator": "=", "value": ["db"], "namespace": ["tags"]}]},\n' +
  '"max": "10%"}. Constraints as for `management filter create-filter`; max is a number of nodes, or a percentage of the nodes\n' +
  "that the constraints describe, rounded down, at least one.";

/** `scheduler budgets add-budget` */
export const addBudget: CommandSpec = {
  options: bodyOptions,
  notes: bodyNote,
  run: async (context, flags) => {
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await context.printItem(await client.addBudget({ body, signal }), budgetRows);
    return 0;
  },
};

/** `scheduler budgets get-budget` */
export const getBudget: CommandSpec = {
  options: [budgetOption],
  run: async (context, flags) => {
    const id = flags.need("budgetId");
    const client = await context.client();
    await context.printItem(await client.getBudget(id, context.world), budgetRows);
    return 0;
  },
};

/** `scheduler budgets list-budgets` */
export const listBudgets: CommandSpec = {
  options: pageOptions,
  run: async (context, flags) => {
    const query = readPageQuery(flags);
    const client = await context.client();
    await context.printList(await client.listBudgets(query, context.world), budgetColumns);
    return 0;
  },
};

/** `scheduler budgets update-budget` */
export const updateBudget: CommandSpec = {
  options: [budgetOption, ...bodyOptions],
  notes: `What the body leaves out stays.\n${bodyNote}`,
  run: async (context, flags) => {
    const id = flags.need("budgetId");
    const body = await readDocument(flags, context.world.stdin);
    const client = await context.client();
    const { signal } = context.world;
    await context.printItem(await client.updateBudget(id, { body, signal }), budgetRows);
    return 0;
  },
};

/** `scheduler budgets delete-budget` */
export const deleteBudget: CommandSpec = {
  options: [budgetOption],
  notes: "What waits for it goes on.",
  run: async (context, flags) => {
    const id = flags.need("budgetId");
    const client = await context.client();
    await context.printItem(await client.deleteBudget(id, context.world), budgetRows);
    return 0;
  },
};

const budgetColumns: readonly Column<DisruptionBudget>[] = [
  { header: "id", value: (budget) => budget.id },
  { header: "name", value: (budget) => budget.name, isShrinkable: true },
  {
    header: "max",
    value: ({ max }) => (max.type === "percent" ? `${max.value} %` : String(max.value)),
  },
  { header: "nodes", value: (budget) => budget.nodeCount, isNumber: true },
  {
    header: "under change",
    value: ({ underChangeCount, maxCount }) => `${underChangeCount} of ${maxCount}`,
  },
  { header: "waiting", value: (budget) => budget.waitingCount, isNumber: true },
];

const budgetRows: readonly Column<DisruptionBudget>[] = [
  ...budgetColumns,
  { header: "description", value: (budget) => budget.description },
  { header: "constraints", value: (budget) => JSON.stringify(budget.constraints) },
  { header: "created", value: (budget) => budget.createdAt },
  { header: "updated", value: (budget) => budget.updatedAt },
];
