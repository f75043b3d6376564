/** Largest template body, bytes. */
export const templateBytesMax: number = 1024 * 1024;

/** Largest body of every other request, bytes. */
export const bodyBytesMax: number = 64 * 1024;

/** Items on a page when the request names no size; the most are in the query documents of `schemas`. */
export const pageSizeDefault = 10;
/** Run times that are estimated when the request names no number. */
export const runTimesDefault = 10;
/** Disruption budgets that may exist: each is asked about each run that is to start. */
export const budgetsMax = 100;

/** Global exceptions that may exist: each is asked about each occurrence. */
export const exceptionRulesMax = 100;
/** Default size for an instance's runs: readers written for the original take the first answer for all of them. */
export const runPageSizeDefault = 1000;

/** Longest accepted `x-request-id` and `Idempotency-Key`, characters. */
export const requestIdLengthMax = 128;
export const idempotencyKeyLengthMax = 255;

/** How long a token's identity is remembered before the store is asked again, ms. */
export const principalCacheMs = 2000;
/** Tokens remembered at once. */
export const principalCacheMax = 1000;

/** How long a login code is good, ms. */
export const loginCodeMs = 60_000;
/** Login codes that wait to be exchanged at once. */
export const loginCodesMax = 1000;

/** Least time between two events of one stream, ms: changes in between are coalesced. */
export const streamIntervalMs = 200;
/** Events that may come at once before the interval holds: a short job is not slowed down by being watched. */
export const streamBurst = 3;
/** Silence after which a stream says that it is alive, and looks again in case a wake-up was lost, ms. */
export const streamHeartbeatMs = 15_000;
/** Runs in one event of a stream, and announced changes that a stream remembers before it looks at all runs again. */
export const runsPerEvent = 500;
export const runChangesMax = 10_000;
/** A stream's explanations: not closer together than this, at least so often while nothing changes, ms. */
export const explanationIntervalMs = 1000;
export const explanationRefreshMs = 5000;
/** ... and so many times longer apart than one takes to make. */
export const explanationRestFactor = 20;
/** Failures of a group that are read at once, and that are folded in one explanation: about 20 µs each. */
export const failuresPerRead = 500;
export const failuresFoldedMax = 10_000;
/** Open instances of a job that an explanation names. */
export const openInstancesMax = 5;
/** Failures that an explanation shows one by one. */
export const firstFailuresMax = 5;
/** Output chunks read from the store at once for one stream. */
export const outputChunksPerRead = 64;
/** Live streams at once; each may hold one page of output in memory. */
export const streamsMax = 1000;

/** Parts of archives that are taken at once, each in memory; the other nodes come again. */
export const evidenceUploadsMax = 32;
/** Archives that are put together and sent at once. */
export const evidenceDownloadsMax = 32;

/** A store that does not answer a ping within this time is not ready, ms. */
export const readyTimeoutMs = 2000;

/** Unread body bytes that are thrown away after an early answer, so that the client reads it. Bytes, and ms. */
export const discardBytesMax: number = 256 * 1024 * 1024;
export const discardTimeoutMs = 10_000;

/** Time a client has to send a whole request, ms. */
export const requestTimeoutMs = 60_000;
/** Idle keep-alive time, ms. */
export const keepAliveTimeoutMs = 65_000;
/** A connection on which nothing moved for so long is closed, ms: a stream's reader that reads no more. */
export const connectionSilenceMs = 120_000;
/** How long in-flight requests may go on after a close was asked for, ms. */
export const closeGraceMs = 5000;
/** How often connections that have become idle are looked for while closing, ms. */
export const closeSweepMs = 50;

/** Lifetime of an enrolment key and number of nodes it admits when the request names none. */
export const enrollmentKeyLifetimeDefaultSeconds: number = 24 * 60 * 60;
export const enrollmentKeyUsesDefault = 1000;

/** How fast one caller may ask: requests per second in the long run, and at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Limits that an operator may set. */
export interface ApiLimits {
  /** Per API token. */
  readonly tokenRate: RateLimit;
  /** Per remote address, for requests without a valid token. */
  readonly addressRate: RateLimit;
}

/** Generous: they stop loops that ran wild, not people or CI. */
export const defaultApiLimits: ApiLimits = {
  tokenRate: { perSecond: 2000, burst: 10_000 },
  addressRate: { perSecond: 500, burst: 10_000 },
};

/** Callers whose rate is tracked at once. */
export const rateCallersMax = 20_000;

/** Occurrences that a plan lists when the request names no number. */
export const planOccurrencesDefault = 5;
/** Plans that are remembered at once, and characters of templates and node ids in all of them, to say what has drifted. */
export const recentPlansMax = 100;
export const recentPlanCharactersMax = 8_000_000;
