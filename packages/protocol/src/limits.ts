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

/** What is kept of one attempt's artifacts, bytes before compression; files beyond are left out, and named. */
export const artifactBytesMax: number = 64 * 1024 * 1024;

/** Files kept of one attempt's artifacts. */
export const artifactFilesMax = 1000;

/** Largest archive of an attempt's artifacts that the service takes, bytes: incompressible files, heads and manifest. */
export const evidenceArchiveBytesMax: number = artifactBytesMax + 8 * 1024 * 1024;

/** Bytes of an archive in one upload request. */
export const evidencePartBytesMax: number = 512 * 1024;

/** A node gives an archive up that it could not hand in for so long, ms; the service calls it lost then. */
export const evidenceDeadlineMs: number = 24 * 60 * 60 * 1000;
