/** How long a request may take from its first byte to the end of the answer, ms. */
export const requestTimeoutMs = 30_000;

/** Largest body that the client sends, bytes. The service's own limit is lower and answers with a proper error. */
export const requestBytesMax: number = 64 * 1024 * 1024;

/** Largest answer that the client keeps in memory, bytes. Output is streamed and does not count. */
export const responseBytesMax: number = 64 * 1024 * 1024;

/** Largest single line of a stream (one event, one output chunk), bytes. */
export const streamLineBytesMax: number = 16 * 1024 * 1024;

/** A stream without a byte (not even a keep-alive, which the service sends every 15 s) for this long counts as lost, ms. */
export const streamSilenceMs = 60_000;

/** Most items of a list that the service gives at once; larger pages are read in parts. */
export const pageSizeMax = 1000;

/** How often a request is sent in all when its failures are retryable. */
export const attemptsMax = 4;

/** First and largest delay between attempts before jitter, ms. */
export const retryDelayBaseMs = 100;
export const retryDelayMaxMs = 2000;

/** A Retry-After header is honoured up to this, ms. */
export const retryAfterMaxMs = 10_000;

/** How much of an answer that is not ours is quoted in a message, characters. */
export const quotedBodyLengthMax = 120;
