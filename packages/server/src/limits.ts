/** How long a stop may take before the process ends anyway, ms. */
export const stopGraceMs = 20_000;

/** Where the service listens when nothing is said. */
export const listenDefault = "127.0.0.1:4170";

/** Where it keeps its data when nothing is said, relative to the working directory. */
export const dataDirDefault = "courier-data";
