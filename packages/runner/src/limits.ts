/** How long a process tree may take to end after SIGTERM before SIGKILL, ms. */
export const killGraceMsDefault = 10_000;

/** How long after SIGKILL the agent keeps looking for survivors before it reports them, ms. */
export const killVerifyMs = 5_000;

/** How often a process tree that is being ended is looked at, ms. */
export const killPollMs = 50;

/** What is read of an interpreter's answer to say why it failed, bytes. */
export const answerBytesMax: number = 1024 * 1024;

/** What is reported of an interpreter's own words for a failure, characters. */
export const reasonLengthMax = 1000;

/** How long after the time that a step asked for a node may take to go down, ms. */
export const rebootLimitMs: number = 15 * 60_000;

/** How long a run waits after a boot for a connection before it starts its next step without, ms. */
export const serviceAwaitedMs = 30_000;

/** How long it then waits for orders, such as a cancel; they follow the welcome at once, ms. */
export const ordersAwaitedMs = 250;

/** A playbook that is fetched by its URL, bytes; a larger one fails the attempt. */
export const playbookBytesMax: number = 1024 * 1024;

/** How long fetching it may take in all, ms. */
export const playbookFetchTimeoutMs = 60_000;

/** Redirects that are followed to it. */
export const playbookRedirectsMax = 5;

/** How often output files and reattached wrappers are looked at while a step runs, ms. */
export const watchIntervalMs = 100;

/** What a step may write to one stream before it is ended, bytes: the spool's disk bound. */
export const spoolBytesMaxDefault: number = 1024 * 1024 * 1024;

/** Output sent on one connection and not yet acknowledged, bytes. */
export const unackedOutputBytesMax: number = 1024 * 1024;

/** While more than this waits in the socket, no more output is read, bytes. */
export const socketBufferBytesMax: number = 1024 * 1024;

/** How soon a socket that is too full is looked at again, ms. */
export const socketRetryMs = 20;

/** Longest wait between two attempts to connect, ms. */
export const reconnectDelayMsMax = 30_000;

/** Longest wait before the first attempt to reconnect, ms; doubles with every failure. */
export const reconnectDelayMsFirst = 250;

/** How long opening a connection and shaking hands may take, ms. */
export const handshakeTimeoutMs = 10_000;

/** How long the enrolment request may take, ms. */
export const enrollTimeoutMs = 15_000;

/** Heartbeats without an answer after which a connection counts as dead. */
export const silentHeartbeatsMax = 3;

/** A journal smaller than this is never rewritten, bytes. */
export const journalCompactBytes: number = 256 * 1024;

/** Ended and acknowledged runs that the journal remembers, to recognise a late duplicate. */
export const journalTombstonesMax = 4096;

/** How long to wait before writing to a journal that refused (full disk) once more, ms. */
export const journalRetryMs = 1_000;

/** Most steps that one run may have. */
export const stepsPerRunMax = 1000;

/** Largest template that `courier-runner run` reads, bytes. */
export const jobFileBytesMax: number = 4 * 1024 * 1024;

/** Directories and files that are looked at when an attempt's artifacts are collected. */
export const artifactEntriesMax = 10_000;

/** How deep directories of artifacts may nest. */
export const artifactDepthMax = 32;

/** How long packing the artifacts of one attempt may take, ms: a file on a file system that hangs must not hold the run. */
export const packTimeoutMs = 60_000;

/** Archives of artifacts that wait for the service, bytes in all; more are not kept. */
export const evidenceSpoolBytesMax: number = 1024 * 1024 * 1024;

/** How long a run's result waits for its artifacts to be handed in, ms; they go on without it then. */
export const evidenceHoldMs = 15_000;

/** How long one upload request may take, ms. */
export const evidenceRequestTimeoutMs = 30_000;

/** Files that a reason names before it counts the rest. */
export const filesNamedMax = 3;

/** Attempts of a step whose artifacts are reported; the last ones. */
export const reportedArtifactsMax = 100;

/** Shortest secret that is masked in streams, bytes: a shorter one occurs in everything. */
export const secretLengthMin = 4;

/** All sensitive values of a run together, bytes. */
export const secretsBytesMax: number = 64 * 1024;

/** What is read of an output stream or a file to take a value from it, bytes. */
export const sourceBytesMax: number = 4 * 1024 * 1024;

/** How much output is masked before others get their turn, bytes. */
export const maskChunkBytes: number = 256 * 1024;

/** The inputs and outputs of all steps in one result, characters of JSON. */
export const shownRunLengthMax: number = 1024 * 1024;

/** How long a file may take to be read as another user, ms. */
export const readAsUserTimeoutMs = 10_000;

/** What is reported of all reasons of one step, characters; the service takes no longer ones. */
export const reportedReasonLengthMax = 4000;

/** Directories of acknowledged runs that wait for an idle moment to be removed, at most. */
export const endedDirectoriesMax = 100;

/** A directory with more output than this is removed at once, bytes. */
export const endedOutputBytesMax: number = 64 * 1024;

/** How long nothing may have ended before directories are removed, ms. */
export const endedDirectoriesIdleMs = 5_000;

/** How long no attempt may have begun before run directories are made in advance, ms. */
export const spareDelayMs = 100;
