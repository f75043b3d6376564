import { budgetMax, CourierError, readAmount } from "@courier/core";
import { workTopic, type WorkMessage } from "@courier/protocol";
import type { Amount, DisruptionBudget, FilterConstraints, SchemaTypes } from "@courier/schema";
import {
  countBudgets,
  deleteBudget,
  findBudget,
  insertBudget,
  listBudgets,
  measureBudget,
  updateBudget,
  type BudgetOutcome,
  type BudgetRow,
  type Db,
} from "@courier/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "./api-context.ts";
import { recordChange } from "./audit.ts";
import { budgetRoutes } from "./budget-routes.ts";
import { budgetsMax } from "./limits.ts";
import { found } from "./not-found.ts";
import { pageOf, pageRequestOf, type PageQuery } from "./pagination.ts";
import { principalOf } from "./request-context.ts";
import { rfc3339 } from "./rfc3339.ts";
import { requireSoundFilter } from "./sound-filter.ts";

interface OneBudget {
  readonly Params: { readonly budgetId: string };
}

type BudgetRequest = SchemaTypes["budget-request"];
type BudgetChangeRequest = SchemaTypes["budget-change-request"];

const prefix = "/courier/scheduler-api/v1/budgets";

/** Disruption budgets: how many of some nodes may be under change at once, whatever jobs there are. */
export function addBudgetRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get<{ Querystring: PageQuery }>(prefix, budgetRoutes.list, async (request) => {
    const page = pageRequestOf(request.query);
    const { items, total } = await listBudgets(context.db, page);
    const shown = await Promise.all(items.map((row) => budgetItem(context.db, row)));
    return pageOf(shown, total, { request: page, url: request.url });
  });
  app.get<OneBudget>(`${prefix}/:budgetId`, budgetRoutes.get, async (request) => ({
    item: await budgetItem(context.db, await budgetOf(context.db, request)),
  }));
  app.post<{ Body: BudgetRequest }>(prefix, budgetRoutes.add, async (request, reply) => {
    reply.code(201);
    return { item: await add(context, request) };
  });
  app.put<OneBudget & { Body: BudgetChangeRequest }>(
    `${prefix}/:budgetId`,
    budgetRoutes.update,
    async (request) => ({ item: await update(context, request) }),
  );
  app.delete<OneBudget>(`${prefix}/:budgetId`, budgetRoutes.delete, async (request) => ({
    item: await remove(context, request),
  }));
}

async function add(
  context: ApiContext,
  request: FastifyRequest<{ Body: BudgetRequest }>,
): Promise<DisruptionBudget> {
  const { name, description = "", constraints, max } = request.body;
  requireSoundFilter(constraints);
  const now = context.clock.now();
  const row: BudgetRow = {
    ...{ id: context.newId(), name, description, createdAt: now, updatedAt: now },
    constraints: JSON.stringify(constraints),
    maxAmount: JSON.stringify(amountOf(max)),
    createdBy: principalOf(request).tokenId,
  };
  await change(context, { request, row, action: "add" }, async (tx) => {
    if ((await countBudgets(tx)) >= budgetsMax) {
      const message = `there are ${budgetsMax} disruption budgets already, which is the limit`;
      throw new CourierError("BUDGET_LIMIT", message);
    }
    requireFreeName(await insertBudget(tx, row), row);
  });
  return await budgetItem(context.db, row);
}

async function update(
  context: ApiContext,
  request: FastifyRequest<OneBudget & { Body: BudgetChangeRequest }>,
): Promise<DisruptionBudget> {
  const previous = await budgetOf(context.db, request);
  const { name, description, constraints, max } = request.body;
  if (constraints !== undefined) requireSoundFilter(constraints);
  const row: BudgetRow = {
    ...previous,
    name: name ?? previous.name,
    description: description ?? previous.description,
    constraints: constraints === undefined ? previous.constraints : JSON.stringify(constraints),
    maxAmount: max === undefined ? previous.maxAmount : JSON.stringify(amountOf(max)),
    updatedAt: context.clock.now(),
  };
  await change(context, { request, row, action: "update" }, async (tx) => {
    await budgetOf(tx, request);
    requireFreeName(await updateBudget(tx, row.id, row), row);
  });
  return await budgetItem(context.db, row);
}

async function remove(
  context: ApiContext,
  request: FastifyRequest<OneBudget>,
): Promise<DisruptionBudget> {
  const row = await budgetOf(context.db, request);
  const item = await budgetItem(context.db, row);
  await change(context, { request, row, action: "delete" }, async (tx) => {
    if (!(await deleteBudget(tx, row.id))) await budgetOf(tx, request);
  });
  return item;
}

/** Makes a change, records it in the same transaction, and wakes what waits for the budget. */
async function change(
  context: ApiContext,
  { request, row, action }: { request: FastifyRequest; row: BudgetRow; action: string },
  make: (tx: Db) => Promise<void>,
): Promise<void> {
  await context.db.transaction(async (tx) => {
    await make(tx);
    const { name, maxAmount } = row;
    await recordChange(
      tx,
      { context, request },
      {
        action: `budget.${action}`,
        object: row.id,
        detail: { name, max: JSON.parse(maxAmount) as unknown },
      },
    );
  });
  context.bus.publish(workTopic, { kind: "budget", budgetId: row.id } satisfies WorkMessage);
}

async function budgetOf(db: Db, { params }: FastifyRequest<OneBudget>): Promise<BudgetRow> {
  const { budgetId: id } = params;
  return found(await findBudget(db, id), { code: "BUDGET_NOT_FOUND", what: "budget", id });
}

function requireFreeName(outcome: BudgetOutcome, { name }: BudgetRow): void {
  if (outcome.ok) return;
  const message = `budget name ${JSON.stringify(name)} is taken by budget ${outcome.id}`;
  throw new CourierError("BUDGET_NAME_TAKEN", message);
}

function amountOf(max: BudgetRequest["max"]): Amount {
  return typeof max === "object" ? max : readAmount(max);
}

async function budgetItem(db: Db, row: BudgetRow): Promise<DisruptionBudget> {
  const { nodeCount, underChangeCount, waitingCount } = await measureBudget(db, row);
  // The columns hold what was validated when the budget was saved.
  const max = JSON.parse(row.maxAmount) as Amount;
  return {
    ...{ id: row.id, name: row.name, description: row.description, max },
    constraints: JSON.parse(row.constraints) as FilterConstraints,
    maxCount: budgetMax(max, nodeCount),
    ...{ nodeCount, underChangeCount, waitingCount },
    createdAt: rfc3339(row.createdAt),
    updatedAt: rfc3339(row.updatedAt),
  };
}
