import { routeOptions, type RouteOptions } from "./route-schema.ts";

const params = { ruleId: "Id or name of the global exception." };
const item = { schema: "exception-rule-response" } as const;
const reading = { tag: "exceptions", permission: "jobs:read" } as const;
const changing = { tag: "exceptions", permission: "exceptions:write", isChange: true } as const;
const afterwards = "The next time of every job is computed again, in the background.";

/** What each route of global exceptions is. */
export const exceptionRuleRoutes: Readonly<
  Record<"list" | "get" | "add" | "update" | "delete", RouteOptions>
> = {
  list: routeOptions({
    ...reading,
    operationId: "listExceptionRules",
    summary: "Global exceptions, newest first",
    query: "page-query",
    answers: { 200: { schema: "exception-rule-list", description: "A page of rules." } },
  }),
  get: routeOptions({
    ...reading,
    operationId: "getExceptionRule",
    summary: "One global exception",
    params,
    answers: { 200: { ...item, description: "The rule." } },
    errors: ["EXCEPTION_RULE_NOT_FOUND"],
  }),
  add: routeOptions({
    ...changing,
    operationId: "addExceptionRule",
    summary: "Add a global exception: windows in which no job starts",
    description: `A window opens at each occurrence of the rule. Immediate jobs and manual starts wait for its end. ${afterwards}`,
    body: "exception-rule-request",
    answers: { 201: { ...item, description: "The rule was added." } },
    errors: ["EXCEPTION_NAME_TAKEN", "EXCEPTION_LIMIT"],
  }),
  update: routeOptions({
    ...changing,
    operationId: "updateExceptionRule",
    summary: "Change a global exception",
    description: `Name, description and time zone stay when they are left out. ${afterwards}`,
    params,
    body: "exception-rule-request",
    answers: { 200: { ...item, description: "The rule was changed." } },
    errors: ["EXCEPTION_RULE_NOT_FOUND", "EXCEPTION_NAME_TAKEN"],
  }),
  delete: routeOptions({
    ...changing,
    operationId: "deleteExceptionRule",
    summary: "Delete a global exception",
    description: afterwards,
    params,
    answers: { 200: { ...item, description: "The rule as it was." } },
    errors: ["EXCEPTION_RULE_NOT_FOUND"],
  }),
};
