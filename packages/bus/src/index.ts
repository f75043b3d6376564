export type { Bus, BusListener, Unsubscribe } from "./bus.ts";
export { InProcessBus } from "./in-process-bus.ts";
