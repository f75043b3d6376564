import { routeOptions, type RouteOptions } from "./route-schema.ts";

const params = { budgetId: "Id or name of the budget." };
const item = { schema: "budget-response" } as const;
const reading = { tag: "budgets", permission: "jobs:read" } as const;
const changing = { tag: "budgets", permission: "budgets:write", isChange: true } as const;

/** What each route of disruption budgets is. */
export const budgetRoutes: Readonly<
  Record<"list" | "get" | "add" | "update" | "delete", RouteOptions>
> = {
  list: routeOptions({
    ...reading,
    operationId: "listBudgets",
    summary: "Disruption budgets, newest first",
    query: "page-query",
    answers: { 200: { schema: "budget-list", description: "A page of budgets." } },
  }),
  get: routeOptions({
    ...reading,
    operationId: "getBudget",
    summary: "One disruption budget, with how much of it is used",
    params,
    answers: { 200: { ...item, description: "The budget." } },
    errors: ["BUDGET_NOT_FOUND"],
  }),
  add: routeOptions({
    ...changing,
    operationId: "addBudget",
    summary: "Add a disruption budget: how many of some nodes may be under change at once",
    description:
      "It holds for everything that is dispatched from now on. What is in flight already counts, and is not stopped.",
    body: "budget-request",
    answers: { 201: { ...item, description: "The budget was added." } },
    errors: ["BUDGET_NAME_TAKEN", "BUDGET_LIMIT"],
  }),
  update: routeOptions({
    ...changing,
    operationId: "updateBudget",
    summary: "Change a disruption budget",
    description: "What is left out stays. What waited for it is tried again.",
    params,
    body: "budget-change-request",
    answers: { 200: { ...item, description: "The budget was changed." } },
    errors: ["BUDGET_NOT_FOUND", "BUDGET_NAME_TAKEN"],
  }),
  delete: routeOptions({
    ...changing,
    operationId: "deleteBudget",
    summary: "Delete a disruption budget",
    description: "What waited for it goes on.",
    params,
    answers: { 200: { ...item, description: "The budget as it was." } },
    errors: ["BUDGET_NOT_FOUND"],
  }),
};
