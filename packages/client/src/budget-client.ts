import type { BudgetList, BudgetResponse } from "@courier/schema";

import {
  jsonBody,
  type BodyCall,
  type CallOptions,
  type Filters,
  type PageQuery,
  type PostOptions,
} from "./call-options.ts";
import type { ListAnswer } from "./large-page.ts";

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
  readonly list: <T extends ListAnswer>(
    path: string,
    query: PageQuery & Filters,
    options: CallOptions,
  ) => Promise<T>;
  readonly get: <T>(path: string, query: Filters, options: CallOptions) => Promise<T>;
  readonly post: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly put: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly remove: <T>(path: string, options: CallOptions) => Promise<T>;
}

const budgets = "/courier/scheduler-api/v1/budgets";

/** The methods about disruption budgets. */
export function createBudgetClient({ get, list, post, put, remove }: Requests): BudgetClient {
  const budget = (id: string): string => `${budgets}/${encodeURIComponent(id)}`;
  return {
    addBudget: (call) => post(budgets, { ...jsonBody(call), isRepeatable: false }),
    getBudget: (id, call) => get(budget(id), {}, call),
    listBudgets: (query, call) => list(budgets, { ...query }, call),
    updateBudget: (id, call) => put(budget(id), jsonBody(call)),
    deleteBudget: (id, call) => remove(budget(id), call),
  };
}
