/** What every error code means to HTTP, to the CLI's exit code, and to a retrying client. */
export interface ErrorCodeEntry {
  readonly httpStatus: number;
  /** semantics.md section 10. */
  readonly exitCode: number;
  readonly retryable: boolean;
  /** One sentence: what the reader can do about it. */
  readonly help: string;
}

/** A code of the registry. */
export type ErrorCode =
  | "TEMPLATE_INVALID"
  | "TEMPLATE_UNSUPPORTED"
  | "BODY_INVALID"
  | "BODY_TOO_LARGE"
  | "BODY_FORMAT_UNKNOWN"
  | "REQUEST_INVALID"
  | "NODE_UNKNOWN"
  | "TARGET_UNKNOWN"
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "ENROLLMENT_KEY_INVALID"
  | "ROUTE_NOT_FOUND"
  | "JOB_NOT_FOUND"
  | "INSTANCE_NOT_FOUND"
  | "INSTANCE_NOT_STARTED"
  | "RUN_NOT_FOUND"
  | "EVIDENCE_NOT_FOUND"
  | "EVIDENCE_REFUSED"
  | "EVIDENCE_DAMAGED"
  | "NODE_NOT_FOUND"
  | "FILTER_NOT_FOUND"
  | "LIST_NOT_FOUND"
  | "COHORT_NOT_FOUND"
  | "EXCEPTION_RULE_NOT_FOUND"
  | "BUDGET_NOT_FOUND"
  | "TOKEN_NOT_FOUND"
  | "JOB_NAME_TAKEN"
  | "JOB_CHANGED"
  | "JOB_STATE_CONFLICT"
  | "JOB_NOT_MANUAL"
  | "JOB_OVERLAPS"
  | "EXCEPTION_NAME_TAKEN"
  | "EXCEPTION_LIMIT"
  | "EXCEPTION_ACTIVE"
  | "BUDGET_NAME_TAKEN"
  | "BUDGET_LIMIT"
  | "NODE_NAME_TAKEN"
  | "NODE_ALREADY_APPROVED"
  | "NODE_SET_NAME_TAKEN"
  | "NODE_SET_IN_USE"
  | "IDEMPOTENCY_KEY_REUSED"
  | "PLAN_DRIFTED"
  | "INSTANCE_ENDED"
  | "INSTANCE_NOT_ENDED"
  | "INSTANCE_CANCELLING"
  | "RUN_ENDED"
  | "RUN_NOT_ENDED"
  | "NOTHING_TO_RERUN"
  | "RATE_LIMITED"
  | "SERVICE_DRAINING"
  | "STORE_UNAVAILABLE"
  | "SERVICE_UNREACHABLE"
  | "WAIT_TIMED_OUT"
  | "USAGE"
  | "PROFILE_INVALID"
  | "INTERNAL";

/** The registry of error codes. Codes are never renamed or reused. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorCodeEntry>> = {
  TEMPLATE_INVALID: entry(400, 2, "correct the fields that the details name; nothing was stored"),
  TEMPLATE_UNSUPPORTED: entry(
    422,
    2,
    "remove the fields that the details name, or wait for a version that executes them; nothing was stored",
  ),
  BODY_INVALID: entry(400, 2, "correct the request body; the details name the fields"),
  BODY_TOO_LARGE: entry(413, 2, "make the body smaller; the message names the limit"),
  BODY_FORMAT_UNKNOWN: entry(415, 2, "send JSON, YAML or TOML and name it in Content-Type"),
  REQUEST_INVALID: entry(400, 2, "correct the query or path parameter that the message names"),
  NODE_UNKNOWN: entry(
    422,
    2,
    "use ids or names that `courier-cli management node find-all-nodes` lists",
  ),
  TARGET_UNKNOWN: entry(
    422,
    2,
    "use ids or names that `courier-cli management filter find-all-filters`, `list find-all-lists` or `cohort find-all-cohorts` shows",
  ),
  UNAUTHENTICATED: entry(401, 3, "send `Authorization: Bearer <token>` with a valid API token"),
  FORBIDDEN: entry(403, 3, "use a token whose role allows this"),
  ENROLLMENT_KEY_INVALID: entry(
    403,
    3,
    "create a new key with `courier-cli enrollment create-key`",
  ),
  ROUTE_NOT_FOUND: entry(404, 4, "see /openapi.json for the paths of this service"),
  JOB_NOT_FOUND: entry(404, 4, "list jobs with `courier-cli scheduler jobs list-jobs`"),
  INSTANCE_NOT_FOUND: entry(404, 4, "list instances with `courier-cli state instance list-all`"),
  INSTANCE_NOT_STARTED: entry(
    404,
    4,
    "it is there as soon as it starts; `courier-cli state instance cancel` lets it never start",
  ),
  RUN_NOT_FOUND: entry(
    404,
    4,
    "list runs with `courier-cli state instance list-instance-runs --instanceId ID`",
  ),
  EVIDENCE_NOT_FOUND: entry(
    404,
    4,
    "list steps and their attempts with `courier-cli state run list-steps --runId ID`",
  ),
  EVIDENCE_REFUSED: entry(409, 5, "hand in the artifacts of this node's own attempts, once"),
  EVIDENCE_DAMAGED: entry(
    500,
    1,
    "the archive is not what its digest says; get it again, and look at the disk that holds it",
  ),
  NODE_NOT_FOUND: entry(404, 4, "list nodes with `courier-cli management node find-all-nodes`"),
  FILTER_NOT_FOUND: entry(
    404,
    4,
    "list filters with `courier-cli management filter find-all-filters`",
  ),
  LIST_NOT_FOUND: entry(404, 4, "list lists with `courier-cli management list find-all-lists`"),
  COHORT_NOT_FOUND: entry(
    404,
    4,
    "list cohorts with `courier-cli management cohort find-all-cohorts`",
  ),
  EXCEPTION_RULE_NOT_FOUND: entry(
    404,
    4,
    "list global exceptions with `courier-cli scheduler exceptions list-rules`",
  ),
  BUDGET_NOT_FOUND: entry(
    404,
    4,
    "list disruption budgets with `courier-cli scheduler budgets list-budgets`",
  ),
  TOKEN_NOT_FOUND: entry(404, 4, "list tokens with GET /courier/access-api/v1/tokens"),
  JOB_NAME_TAKEN: entry(
    409,
    5,
    "names are unique: run the job that has it, change it with update-job, or choose another name",
  ),
  JOB_CHANGED: entry(
    412,
    5,
    "read the job again, look at what changed, and repeat with the ETag that `courier-cli scheduler jobs get-head` shows",
  ),
  JOB_STATE_CONFLICT: entry(409, 5, "the message says what the job's status allows"),
  JOB_NOT_MANUAL: entry(
    409,
    5,
    "the job may only be started by its schedule; to change that, update it with allowManualExecution true",
  ),
  JOB_OVERLAPS: entry(
    409,
    5,
    "wait for the end of what is under way, or cancel it with `courier-cli state instance cancel`; `overlapPolicy: allow` lets instances run side by side",
  ),
  EXCEPTION_NAME_TAKEN: entry(
    409,
    5,
    "choose another name, or change the rule that has it with `courier-cli scheduler exceptions update-rule`",
  ),
  EXCEPTION_ACTIVE: entry(
    409,
    5,
    "try again when the window has ended, or let an admin do it with --ignore-exceptions",
  ),
  BUDGET_NAME_TAKEN: entry(
    409,
    5,
    "choose another name, or change the budget that has it with `courier-cli scheduler budgets update-budget`",
  ),
  BUDGET_LIMIT: entry(
    409,
    5,
    "delete disruption budgets that are not needed, or join some in one filter",
  ),
  EXCEPTION_LIMIT: entry(409, 5, "delete global exceptions that have passed"),
  NODE_ALREADY_APPROVED: entry(409, 5, "nothing is left to do: the node may connect"),
  NODE_NAME_TAKEN: entry(409, 5, "choose another --name; node names are unique"),
  NODE_SET_NAME_TAKEN: entry(
    409,
    5,
    "choose another name; names are unique among filters, among lists and among cohorts",
  ),
  NODE_SET_IN_USE: entry(
    409,
    5,
    "end or delete the job that the message names, or point it elsewhere",
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    409,
    5,
    "use a new idempotency key: this one belongs to a request with another body",
  ),
  PLAN_DRIFTED: entry(
    409,
    5,
    "plan again with `courier-cli scheduler jobs plan`, look at what is different, and add the job with the new hash; nothing was stored",
  ),
  INSTANCE_ENDED: entry(
    409,
    5,
    "the instance has ended; there is nothing left to cancel, pause or resume",
  ),
  RUN_ENDED: entry(409, 5, "the run has ended; there is nothing left to cancel"),
  INSTANCE_CANCELLING: entry(409, 5, "the instance is being canceled; it starts nothing more"),
  INSTANCE_NOT_ENDED: entry(
    409,
    5,
    "wait for its end with `courier-cli state instance watch`, or cancel it, then try again",
  ),
  RUN_NOT_ENDED: entry(409, 5, "wait for its end, or cancel it, then try again"),
  NOTHING_TO_RERUN: entry(
    409,
    5,
    "name the outcomes to execute again with --status; `courier-cli state instance get-instance` counts them",
  ),
  RATE_LIMITED: retryable(429, 1, "wait as long as the Retry-After header says, then try again"),
  SERVICE_DRAINING: retryable(503, 6, "the service is stopping; try again when it is back"),
  STORE_UNAVAILABLE: retryable(
    503,
    6,
    "the service cannot use its database; its log says why; try again when it is back",
  ),
  SERVICE_UNREACHABLE: retryable(
    503,
    6,
    "check the URL of the profile and that courier-server runs",
  ),
  WAIT_TIMED_OUT: entry(504, 7, "see what became of it with `state instance get-instance`"),
  USAGE: entry(400, 2, "see --help"),
  PROFILE_INVALID: entry(400, 2, "create a profile with `courier-cli register-device`"),
  INTERNAL: entry(500, 1, "this is a defect; the service's log has the request id"),
};

function entry(httpStatus: number, exitCode: number, help: string): ErrorCodeEntry {
  return { httpStatus, exitCode, retryable: false, help };
}

function retryable(httpStatus: number, exitCode: number, help: string): ErrorCodeEntry {
  return { httpStatus, exitCode, retryable: true, help };
}
