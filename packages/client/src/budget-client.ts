import type { BudgetList, BudgetResponse } from "@courier/schema";

import type { BodyCall, CallOptions, Filters, PageQuery, PostOptions } from "./call-options.ts";

/** Disruption budgets. */
export interface BudgetClient {
  /** Not sent twice: the second answer would say that the name is taken. */
  addBudget(call: BodyCall): Promise<BudgetResponse>;
  getBudget(budgetId: string, options: CallOptions): Promise<BudgetResponse>;
  listBudgets(query: PageQuery, options: CallOptions): Promise<BudgetList>;
  updateBudget(budgetId: string, call: BodyCall): Promise<BudgetResponse>;
  deleteBudget(budgetId: string, options: CallOptions): Promise<BudgetResponse>;
}

/** How requests are sent. */
interface Requests {
  readonly get: <T>(path: string, query: Filters, options: CallOptions) => Promise<T>;
  readonly post: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly put: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly remove: <T>(path: string, options: CallOptions) => Promise<T>;
}

const budgets = "/courier/scheduler-api/v1/budgets";

/** The methods about disruption budgets. */
export function createBudgetClient({ get, post, put, remove }: Requests): BudgetClient {
  const budget = (id: string): string => `${budgets}/${encodeURIComponent(id)}`;
  return {
    addBudget: (call) => post(budgets, { ...jsonBody(call), isRepeatable: false }),
    getBudget: (id, call) => get(budget(id), {}, call),
    listBudgets: (query, call) => get(budgets, { ...query }, call),
    updateBudget: (id, call) => put(budget(id), jsonBody(call)),
    deleteBudget: (id, call) => remove(budget(id), call),
  };
}

function jsonBody({ body, signal }: BodyCall): PostOptions {
  const headers = { "Content-Type": "application/json" };
  return { signal, body: JSON.stringify(body), headers };
}
