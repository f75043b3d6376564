import type {
  CancelJobResponse,
  DeleteJobResponse,
  GlobalExceptionList,
  GlobalExceptionResponse,
  JobList,
  JobResponse,
  MissedOccurrenceList,
  RunTimesResponse,
  StartJobRequest,
  StartJobResponse,
} from "@courier/schema";

import {
  jsonBody,
  type BodyCall,
  type CallOptions,
  type Filters,
  type KeyedCallOptions,
  type KeyedPostOptions,
  type PageQuery,
  type PostOptions,
  type PutOptions,
  type TemplateText,
} from "./call-options.ts";
import type { ListAnswer } from "./large-page.ts";

/** The control of jobs, their times, and global exceptions. */
export interface SchedulerClient {
  /** Refused when `ifMatch` names another version than the job has; not sent twice then. */
  updateJob(
    jobId: string,
    template: TemplateText,
    options: CallOptions & { readonly ifMatch?: string | undefined },
  ): Promise<JobResponse>;
  /** A job with the ETag of its version. */
  getJobHead(
    jobId: string,
    options: CallOptions,
  ): Promise<{ readonly body: JobResponse; readonly etag: string }>;
  activateJob(jobId: string, options: CallOptions): Promise<JobResponse>;
  deactivateJob(jobId: string, options: CallOptions): Promise<JobResponse>;
  cancelJob(
    jobId: string,
    options: CallOptions & { readonly withInstances: boolean },
  ): Promise<CancelJobResponse>;
  deleteJob(jobId: string, options: CallOptions): Promise<DeleteJobResponse>;
  /** Sent again after a lost answer only because the idempotency key makes it safe. */
  startJob(
    jobId: string,
    request: StartJobRequest,
    options: KeyedCallOptions,
  ): Promise<StartJobResponse>;
  estimateRunTimes(
    jobId: string,
    options: CallOptions & { readonly count: number | undefined },
  ): Promise<RunTimesResponse>;
  listPastDueJobs(query: PageQuery & Filters, options: CallOptions): Promise<JobList>;
  listMissedOccurrences(
    jobId: string,
    query: PageQuery,
    options: CallOptions,
  ): Promise<MissedOccurrenceList>;
  /** Not sent twice: the second answer would say that the name is taken. */
  addExceptionRule(call: BodyCall): Promise<GlobalExceptionResponse>;
  getExceptionRule(ruleId: string, options: CallOptions): Promise<GlobalExceptionResponse>;
  listExceptionRules(query: PageQuery, options: CallOptions): Promise<GlobalExceptionList>;
  updateExceptionRule(ruleId: string, call: BodyCall): Promise<GlobalExceptionResponse>;
  deleteExceptionRule(ruleId: string, options: CallOptions): Promise<GlobalExceptionResponse>;
}

/** How requests are sent. */
interface Requests {
  readonly list: <T extends ListAnswer>(
    path: string,
    query: PageQuery & Filters,
    options: CallOptions,
  ) => Promise<T>;
  readonly get: <T>(path: string, query: Filters, options: CallOptions) => Promise<T>;
  readonly getTagged: <T>(
    path: string,
    options: CallOptions,
  ) => Promise<{ readonly body: T; readonly etag: string }>;
  readonly post: <T>(path: string, options: PostOptions) => Promise<T>;
  readonly postKeyed: <T>(path: string, options: KeyedPostOptions) => Promise<T>;
  readonly putVersioned: <T>(path: string, options: PutOptions) => Promise<T>;
  readonly remove: <T>(path: string, options: CallOptions) => Promise<T>;
}

const scheduler = "/courier/scheduler-api/v1";
const rules = `${scheduler}/exceptions/rules`;

/** The methods about jobs as they go on, and about global exceptions. */
export function createSchedulerClient(requests: Requests): SchedulerClient {
  const { get, getTagged, list, post, postKeyed, putVersioned, remove } = requests;
  const job = (id: string): string => `${scheduler}/jobs/${encodeURIComponent(id)}`;
  const rule = (id: string): string => `${rules}/${encodeURIComponent(id)}`;

  return {
    updateJob: (id, { text, format }, { ifMatch, signal }) =>
      putVersioned(job(id), { body: text, mediaType: `application/${format}`, ifMatch, signal }),
    getJobHead: (id, call) => getTagged(job(id), call),
    activateJob: (id, call) => post(`${job(id)}/activate`, call),
    deactivateJob: (id, call) => post(`${job(id)}/deactivate`, call),
    cancelJob: (id, { withInstances, signal }) =>
      post(`${job(id)}/cancel`, {
        signal,
        ...(withInstances ? { query: { instances: "true" } } : {}),
      }),
    deleteJob: (id, call) => remove(job(id), call),
    startJob: (id, request, call) =>
      postKeyed(`${job(id)}/start`, { ...call, body: JSON.stringify(request) }),
    estimateRunTimes: (id, { count, signal }) =>
      get(`${job(id)}/estimate-run-times`, { count }, { signal }),
    listPastDueJobs: (query, call) => list(`${scheduler}/jobs/past-due`, query, call),
    listMissedOccurrences: (id, query, call) =>
      list(`${job(id)}/missed-occurrences`, { ...query }, call),
    addExceptionRule: (call) => post(rules, { ...jsonBody(call), isRepeatable: false }),
    getExceptionRule: (id, call) => get(rule(id), {}, call),
    listExceptionRules: (query, call) => list(rules, { ...query }, call),
    updateExceptionRule: (id, { body, signal }) =>
      putVersioned(rule(id), { body: JSON.stringify(body), signal }),
    deleteExceptionRule: (id, call) => remove(rule(id), call),
  };
}
