/** Spoken by this build. A peer with another number is refused with a clear `goodbye`. */
export const protocolVersion = 1;

/** Largest WebSocket frame either side accepts, bytes. */
export const frameBytesMax: number = 4 * 1024 * 1024;

/** Largest output chunk before base64, bytes. */
export const outputChunkBytesMax: number = 64 * 1024;

/** Default output quota per step attempt and stream; the first and the last half are kept. Bytes. */
export const outputQuotaBytesDefault: number = 4 * 1024 * 1024;

/** Runs that a node holds accepted but not started; more are refused until some end. */
export const nodeQueueMax = 1000;

/** Largest number of runs in one `assign` or `stop`. */
export const runsPerMessageMax = 500;
