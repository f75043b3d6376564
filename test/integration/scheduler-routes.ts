import { jobsPath, template } from "./api-fixture.ts";
import type { RouteCase } from "./route-case.ts";

/** Where global exceptions are. */
export const rulesPath = "/courier/scheduler-api/v1/exceptions/rules";

const read = { method: "GET", role: "viewer", forbidden: "node-manager" } as const;
const operate = { method: "POST", role: "operator", forbidden: "viewer" } as const;
const decree = { method: "POST", role: "admin", forbidden: "operator" } as const;
const paging = { query: "?page=0" };

/** The control of jobs, their times, and global exceptions. */
export const schedulerRoutes: readonly RouteCase[] = [
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
];
