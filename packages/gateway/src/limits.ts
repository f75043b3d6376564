/** How often nodes send a heartbeat, ms. */
export const heartbeatIntervalMs = 15_000;

/** A session on which nothing arrived for this long is closed, ms. */
export const silenceMaxMs: number = 3 * heartbeatIntervalMs;

/** A connection that has not proved its identity after this is closed, ms. */
export const helloTimeoutMs = 10_000;

/** Bytes of frames that a session may have waiting for their commit before its socket is paused. */
export const unrecordedBytesMax: number = 8 * 1024 * 1024;

/** Bytes that a session may have queued towards its node before it is closed as too slow. */
export const queuedBytesMax: number = 64 * 1024 * 1024;

/** How often last-seen times are written, ms. */
export const touchIntervalMs = 30_000;

/** How often sessions are pinged and checked for silence, ms. */
export const watchIntervalMs = 15_000;

/** WebSocket path of node sessions. */
export const sessionPath = "/node/management/v1/session";
