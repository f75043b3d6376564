export type { Configuration } from "./configuration.ts";
export type { RunningServer, ServerOptions } from "./start-server.ts";
export { startServer } from "./start-server.ts";
export { SystemClock } from "./system-clock.ts";
