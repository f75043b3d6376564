export type { GatewayOptions, GatewayStats } from "./gateway.ts";
export { Gateway } from "./gateway.ts";
export type { ServerKey } from "./server-key.ts";
export type { SessionOptions, SessionTransport } from "./session.ts";
export { Session } from "./session.ts";
