import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { isRunOutcome } from "@courier/core";
import type {
  AddJobResponse,
  CancelResponse,
  EnrollmentKeyRequest,
  EnrollmentKeyResponse,
  InstanceExplanation,
  InstanceList,
  InstanceResponse,
  JobExplanation,
  JobList,
  JobResponse,
  PauseResponse,
  PlanResponse,
  RerunRequest,
  RerunResponse,
  RetryRequest,
  RunList,
  RunResponse,
  StepList,
} from "@courier/schema";

import {
  jsonBody,
  type CallOptions,
  type Filters,
  type KeyedCallOptions,
  type KeyedPostOptions,
  type PageQuery,
  type PostOptions,
  type PutOptions,
  type TemplateText,
} from "./call-options.ts";
import { foreignAnswer, type HttpAnswer } from "./error-answer.ts";
import { evidenceStream, type EvidenceStream } from "./evidence-stream.ts";
import { readOutput, type OutputEvent } from "./follow-output.ts";
import { isRecord, parseJson } from "./json.ts";
import { readPage, type ListAnswer } from "./large-page.ts";
import { requestTimeoutMs } from "./limits.ts";
import { createBudgetClient, type BudgetClient } from "./budget-client.ts";
import { createManagementClient, type ManagementClient } from "./management-client.ts";
import { withRetries, type Pace } from "./retry-policy.ts";
import { createSchedulerClient, type SchedulerClient } from "./scheduler-client.ts";
import { createTokenClient, type TokenClient } from "./token-client.ts";
import { createTransport, type HttpRequest, type TransportOptions } from "./transport.ts";
import { followInstance, type WatchEvent } from "./watch-instance.ts";

/** How to reach the service, and how patient to be. */
export interface ClientOptions extends TransportOptions {
  /** Limit of one request and its answer; default 30 s. Streams have no limit once they are open. */
  readonly timeoutMs?: number;
  readonly pace?: Pace;
}

/** The service's HTTP API. All methods throw CourierError; reads and repeatable writes retry what is retryable. */
export interface CourierClient
  extends ManagementClient, SchedulerClient, BudgetClient, TokenClient {
  readonly url: string;
  /** Sent again after a lost answer only because the idempotency key makes it safe; a fresh key is made when absent. */
  addJob(
    template: TemplateText,
    options: KeyedCallOptions & {
      /** Add it only if template and targets still are those of the plan with this hash. */
      readonly plan?: string | undefined;
    },
  ): Promise<AddJobResponse>;
  /** What would happen if the job was added now; nothing is stored. */
  planJob(
    template: TemplateText,
    options: CallOptions & { readonly count?: number | undefined },
  ): Promise<PlanResponse>;
  getJob(jobId: string, options: CallOptions): Promise<JobResponse>;
  explainJob(jobId: string, options: CallOptions): Promise<JobExplanation>;
  listJobs(query: PageQuery & Filters, options: CallOptions): Promise<JobList>;
  listInstances(query: PageQuery & Filters, options: CallOptions): Promise<InstanceList>;
  getInstance(instanceId: string, options: CallOptions): Promise<InstanceResponse>;
  listInstanceRuns(
    instanceId: string,
    query: PageQuery & Filters,
    options: CallOptions,
  ): Promise<RunList>;
  cancelInstance(instanceId: string, options: CallOptions): Promise<CancelResponse>;
  pauseInstance(instanceId: string, options: CallOptions): Promise<PauseResponse>;
  resumeInstance(instanceId: string, options: CallOptions): Promise<PauseResponse>;
  explainInstance(instanceId: string, options: CallOptions): Promise<InstanceExplanation>;
  /** Repeatable like `addJob`. */
  rerunInstance(
    instanceId: string,
    request: RerunRequest,
    options: KeyedCallOptions,
  ): Promise<RerunResponse>;
  watchInstance(
    instanceId: string,
    options: CallOptions & {
      readonly isPatient?: boolean;
      /** Also tell of runs, and of what the instance waits for. */
      readonly withRuns?: boolean;
      readonly withExplanation?: boolean;
    },
  ): AsyncGenerator<WatchEvent, void, undefined>;
  getRun(runId: string, options: CallOptions): Promise<RunResponse>;
  listSteps(runId: string, query: PageQuery, options: CallOptions): Promise<StepList>;
  cancelRun(runId: string, options: CallOptions): Promise<CancelResponse>;
  /** Repeatable like `addJob`. */
  retryRun(runId: string, request: RetryRequest, options: KeyedCallOptions): Promise<RerunResponse>;
  readOutput(
    runId: string,
    options: CallOptions & {
      readonly stepNumber?: number | undefined;
      readonly isFollowing: boolean;
    },
  ): AsyncGenerator<OutputEvent, void, undefined>;
  /** The evidence of one attempt, as it arrives. */
  openEvidence(
    attempt: {
      readonly runId: string;
      readonly stepNumber: number;
      readonly attemptNumber: number;
    },
    options: CallOptions,
  ): Promise<EvidenceStream>;
  /** Never sent twice: a lost answer would leave a second key behind. */
  createEnrollmentKey(
    request: EnrollmentKeyRequest,
    options: CallOptions,
  ): Promise<EnrollmentKeyResponse>;
}

const scheduler = "/courier/scheduler-api/v1";
const state = "/courier/state-api/v1";
const management = "/node/management/v1";

/** Creates a client; it holds no connection until the first call. */
export function createClient(options: ClientOptions): CourierClient {
  const requests = createRequests(options);
  const { get, list, post, postKeyed, stream, pace } = requests;
  const { url } = options;
  const instance = (id: string): string => `${state}/instances/${encodeURIComponent(id)}`;

  return {
    url,
    addJob: (template, { idempotencyKey, plan, signal }) =>
      postKeyed(`${scheduler}/jobs`, {
        ...{ signal, idempotencyKey, query: { plan } },
        body: template.text,
        mediaType: `application/${template.format}`,
      }),
    planJob: (template, { count, signal }) =>
      post(`${scheduler}/jobs/plan`, {
        ...{ signal, query: { count } },
        body: template.text,
        headers: { "Content-Type": `application/${template.format}` },
      }),
    getJob: (id, call) => get(`${scheduler}/jobs/${encodeURIComponent(id)}`, {}, call),
    explainJob: (id, call) => get(`${scheduler}/jobs/${encodeURIComponent(id)}/explain`, {}, call),
    listJobs: (query, call) => list(`${scheduler}/jobs`, query, call),
    listInstances: (query, call) => list(`${state}/instances`, query, call),
    getInstance: (id, call) => get(instance(id), {}, call),
    listInstanceRuns: (id, query, call) => list(`${instance(id)}/runs`, query, call),
    cancelInstance: (id, call) => post(`${instance(id)}/cancel`, call),
    pauseInstance: (id, call) => post(`${instance(id)}/pause`, call),
    resumeInstance: (id, call) => post(`${instance(id)}/resume`, call),
    explainInstance: (id, call) => get(`${instance(id)}/explain`, {}, call),
    rerunInstance: (id, request, call) =>
      postKeyed(`${instance(id)}/rerun`, { ...call, body: JSON.stringify(request) }),
    watchInstance: (id, { signal, isPatient, withRuns, withExplanation }) =>
      followInstance({
        url,
        open: () => {
          const query = {
            runs: withRuns === true ? "true" : undefined,
            explanation: withExplanation === true ? "true" : undefined,
          };
          return stream(`${instance(id)}/events`, query, { signal });
        },
        pace,
        signal,
        isPatient: isPatient ?? false,
      }),
    ...createRunCalls(requests, url),
    ...createManagementClient(requests),
    ...createBudgetClient(requests),
    ...createSchedulerClient(requests),
    ...createTokenClient(requests),
    createEnrollmentKey: (request, { signal }) =>
      post(`${management}/enrollment-keys`, {
        ...jsonBody({ body: request, signal }),
        isRepeatable: false,
      }),
  };
}

/** The calls about one run. */
function createRunCalls(
  { get, list, post, postKeyed, stream, streamWithHead, pace }: ReturnType<typeof createRequests>,
  url: string,
): Pick<
  CourierClient,
  "getRun" | "listSteps" | "cancelRun" | "retryRun" | "readOutput" | "openEvidence"
> {
  const run = (id: string): string => `${state}/runs/${encodeURIComponent(id)}`;
  return {
    getRun: (id, call) => get(run(id), {}, call),
    listSteps: (id, query, call) => list(`${run(id)}/steps`, { ...query }, call),
    cancelRun: (id, call) => post(`${run(id)}/cancel`, call),
    retryRun: (id, request, call) =>
      postKeyed(`${run(id)}/retry`, { ...call, body: JSON.stringify(request) }),
    openEvidence: async ({ runId, stepNumber, attemptNumber }, { signal }) => {
      const path = `${run(runId)}/steps/${stepNumber}/attempts/${attemptNumber}/evidence`;
      return evidenceStream(await streamWithHead(path, { signal }), signal);
    },
    readOutput: (id, { signal, stepNumber, isFollowing }) =>
      readOutput({
        url,
        open: () => {
          const query = { stepNumber, follow: isFollowing ? "true" : undefined };
          return stream(`${run(id)}/output`, query, { signal });
        },
        isEnded: async () => {
          const { item } = await get<RunResponse>(run(id), {}, { signal });
          return isRunOutcome(item.status);
        },
        isFollowing,
        pace,
        signal,
      }),
  };
}

function createRequests(options: ClientOptions) {
  const transport = createTransport(options);
  const timeoutMs = options.timeoutMs ?? requestTimeoutMs;
  const pace: Pace = options.pace ?? { delay: waitFor, random: Math.random };

  function send<T>(request: Omit<HttpRequest, "timeoutMs">, isRepeatable: boolean): Promise<T> {
    const work = async (): Promise<T> =>
      readBody<T>(options.url, await transport.send({ ...request, timeoutMs }));
    return isRepeatable ? withRetries(work, { pace, signal: request.signal }) : work();
  }

  const sendBody = <T>(method: "POST" | "PUT", path: string, options: PostOptions): Promise<T> => {
    const { isRepeatable = true, query, ...rest } = options;
    const parameters = query === undefined ? {} : { query: toQuery(query) };
    return send<T>({ method, path, ...parameters, ...rest }, isRepeatable);
  };
  const post = <T>(path: string, postOptions: PostOptions): Promise<T> =>
    sendBody<T>("POST", path, postOptions);

  const get = <T>(path: string, query: Filters, { signal }: CallOptions): Promise<T> =>
    send<T>({ method: "GET", path, query: toQuery(query), signal }, true);

  return {
    pace,
    post,
    put: <T>(path: string, putOptions: PostOptions): Promise<T> =>
      sendBody<T>("PUT", path, putOptions),
    get,
    /** Like `get`, for a page of any size. */
    list: <T extends ListAnswer>(
      path: string,
      query: PageQuery & Filters,
      call: CallOptions,
    ): Promise<T> => readPage(query, (part) => get<T>(path, { ...query, ...part }, call)),
    /** Sending it twice makes one thing, because both carry the same key. */
    postKeyed: <T>(path: string, options: KeyedPostOptions): Promise<T> =>
      post<T>(path, {
        signal: options.signal,
        ...(options.query === undefined ? {} : { query: options.query }),
        body: options.body,
        headers: {
          "Content-Type": options.mediaType ?? "application/json",
          "Idempotency-Key": options.idempotencyKey ?? randomUUID(),
        },
      }),
    /** Sending it twice does what sending it once does, unless it names a version. */
    putVersioned: <T>(
      path: string,
      { body, mediaType, ifMatch, signal }: PutOptions,
    ): Promise<T> => {
      const headers = {
        "Content-Type": mediaType ?? "application/json",
        ...(ifMatch === undefined ? {} : { "If-Match": ifMatch }),
      };
      return sendBody<T>("PUT", path, {
        ...{ body, headers, signal },
        isRepeatable: ifMatch === undefined,
      });
    },
    /** The answer's headers beside its body. */
    getTagged: async <T>(path: string, { signal }: CallOptions) => {
      const work = async (): Promise<{ readonly body: T; readonly etag: string }> => {
        const answer = await transport.send({ method: "GET", path, signal, timeoutMs });
        return { body: readBody<T>(options.url, answer), etag: answer.headers["etag"] ?? "" };
      };
      return withRetries(work, { pace, signal });
    },
    /** Not sent twice: the second answer would say that there is no such thing. */
    remove: <T>(path: string, { signal }: CallOptions): Promise<T> =>
      send<T>({ method: "DELETE", path, signal }, false),
    streamWithHead: (path: string, { signal }: CallOptions) =>
      withRetries(() => transport.openWithHead({ method: "GET", path, signal, timeoutMs }), {
        pace,
        signal,
      }),
    stream: (path: string, query: Filters, { signal }: CallOptions) =>
      transport.open({ method: "GET", path, query: toQuery(query), signal, timeoutMs }),
  };
}

function toQuery(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value === undefined) continue;
    query.set(name === "page" || name === "size" ? `pagination.${name}` : name, String(value));
  }
  return query;
}

function readBody<T>(url: string, answer: HttpAnswer): T {
  // Only calls whose T is void are answered without a body.
  if (answer.status === 204) return undefined as T;
  const body = parseJson(answer.text);
  if (!isRecord(body) || !("item" in body || "items" in body || "estimates" in body))
    throw foreignAnswer(url, answer);
  // The service serialises its answers with the schemas that the types are generated from.
  return body as T;
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // The caller wants its own reason, not the timer's wording of it.
    signal.throwIfAborted();
    throw error;
  }
}
