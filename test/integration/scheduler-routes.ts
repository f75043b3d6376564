import { jobsPath, template, type ApiFixture } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import type { RouteCase } from "./route-case.ts";

/** Where global exceptions are. */
export const rulesPath = "/courier/scheduler-api/v1/exceptions/rules";

/** Where disruption budgets are. */
export const budgetsPath = "/courier/scheduler-api/v1/budgets";

const read = { method: "GET", role: "viewer", forbidden: "node-manager" } as const;
const operate = { method: "POST", role: "operator", forbidden: "viewer" } as const;
const decree = { method: "POST", role: "admin", forbidden: "operator" } as const;
const paging = { query: "?page=0" };

/** The control of jobs, their times, and global exceptions. */
export const schedulerRoutes: readonly RouteCase[] = [
  {
    method: "GET",
    role: "viewer",
    forbidden: "node-manager",
    path: `${jobsPath}/:job/explain`,
    notFound: "JOB_NOT_FOUND",
  },
  ...["activate", "deactivate", "cancel"].map((change) => ({
    ...operate,
    path: `${jobsPath}/${change === "cancel" ? ":job" : ":idleJob"}/${change}`,
    notFound: "JOB_NOT_FOUND",
    ...(change === "cancel" ? { invalid: { query: "?instances=perhaps" } } : {}),
  })),
  {
    ...operate,
    path: `${jobsPath}/:idleJob/start`,
    notFound: "JOB_NOT_FOUND",
    body: {},
    invalid: { body: { ignoreExceptions: "yes" } },
  },
  {
    ...operate,
    method: "PUT",
    path: `${jobsPath}/:idleJob`,
    notFound: "JOB_NOT_FOUND",
    body: { ...template("changed", ["web-1"]), scheduleRule: "CRON:0 0 1 1 *" },
    invalid: { body: { name: "" } },
  },
  {
    ...read,
    path: `${jobsPath}/:job/estimate-run-times`,
    notFound: "JOB_NOT_FOUND",
    invalid: { query: "?count=0" },
  },
  {
    ...read,
    path: `${jobsPath}/:job/missed-occurrences`,
    notFound: "JOB_NOT_FOUND",
    invalid: paging,
  },
  { ...read, path: `${jobsPath}/past-due`, invalid: { query: "?deadline=soon" } },
  { ...operate, method: "DELETE", path: `${jobsPath}/:otherJob`, notFound: "JOB_NOT_FOUND" },
  { ...read, path: rulesPath, invalid: paging },
  { ...read, path: `${rulesPath}/:rule`, notFound: "EXCEPTION_RULE_NOT_FOUND" },
  {
    ...decree,
    path: rulesPath,
    body: { rrule: "DTSTART:20990101T000000Z\nFREQ=DAILY;COUNT=1", duration: 1 },
    invalid: { body: { rrule: "RRULE:FREQ=DAILY", duration: 0 } },
  },
  {
    ...decree,
    method: "PUT",
    path: `${rulesPath}/:rule`,
    notFound: "EXCEPTION_RULE_NOT_FOUND",
    body: { rrule: "DTSTART:20990101T000000Z\nFREQ=DAILY;COUNT=1", duration: 2 },
    invalid: { body: { rrule: "RRULE:FREQ=HOURY", duration: 1 } },
  },
  {
    ...decree,
    method: "DELETE",
    path: `${rulesPath}/:otherRule`,
    notFound: "EXCEPTION_RULE_NOT_FOUND",
  },
  { ...read, path: budgetsPath, invalid: paging },
  { ...read, path: `${budgetsPath}/:budget`, notFound: "BUDGET_NOT_FOUND" },
  {
    ...decree,
    path: budgetsPath,
    body: { name: "new budget", constraints: {}, max: "10%" },
    invalid: { body: { name: "wrong", constraints: {}, max: 0 } },
  },
  {
    ...decree,
    method: "PUT",
    path: `${budgetsPath}/:budget`,
    notFound: "BUDGET_NOT_FOUND",
    body: { max: 1000 },
    invalid: { body: {} },
  },
  {
    ...decree,
    method: "DELETE",
    path: `${budgetsPath}/:otherBudget`,
    notFound: "BUDGET_NOT_FOUND",
  },
];

/** A global exception to read and change, and one to delete; far away, so that nothing waits for them. Ids by name. */
export async function createRules(
  fixture: ApiFixture,
  token: string,
): Promise<Record<string, string>> {
  const rule = { rrule: "DTSTART:20980101T000000Z\nFREQ=DAILY;COUNT=1", duration: 1 };
  return create(["rule", "otherRule"], (name) =>
    fixture.send("POST", rulesPath, { token, body: { name, ...rule } }),
  );
}

/** A disruption budget to read and change, and one to delete; large enough to keep nothing back. Ids by name. */
export async function createBudgets(
  fixture: ApiFixture,
  token: string,
): Promise<Record<string, string>> {
  return create(["budget", "otherBudget"], (name) =>
    fixture.send("POST", budgetsPath, { token, body: { name, constraints: {}, max: 1000 } }),
  );
}

async function create(
  names: readonly string[],
  send: (name: string) => Promise<{ readonly json: unknown }>,
): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const name of names) ids[name] = String(at((await send(name)).json, "item", "id"));
  return ids;
}
