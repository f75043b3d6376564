/** Largest template that is read or sent, bytes; the service's limit is the same. */
export const bodyBytesMax: number = 1024 * 1024;

/** How long `register-device` waits for the service to confirm a token, ms. */
export const registerCheckTimeoutMs = 10_000;

/** How often an immediate job's instance is looked for before it counts as missing. */
export const instanceLookupsMax = 60;

/** First and largest delay between two looks for the instance, ms. */
export const instanceLookupDelayBaseMs = 10;
export const instanceLookupDelayMaxMs = 1000;

/** How long `--cancel-on-timeout` waits for the nodes to confirm, ms: their grace is 10 s. */
export const cancelConfirmMs = 30_000;

/** Redraws of the live display: not closer together than this, ms. */
export const redrawIntervalMs = 100;

/** Runs that a JUnit report may hold, more would be of no use to any reader. */
export const junitRunsMax = 100_000;

/** Longest profile name, characters. */
export const profileNameLengthMax = 64;

/** Narrowest that a shrinkable table column becomes, characters. */
export const columnWidthMin = 8;

/** How often an instance that waits to start is looked for, ms. */
export const waitingLookDelayMs = 1_000;

/** Batches of a group, and nodes of a batch, that the table of a plan shows. */
export const planBatchesShown = 12;
export const planNodesShown = 6;

/** Nodes in one group and rounds that a simulation takes on. */
export const simulatedNodesMax = 1_000_000;
export const simulatedRoundsMax = 10_000;
