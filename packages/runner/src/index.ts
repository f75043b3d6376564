export { NodeAgent, type NodeAgentOptions } from "./node-agent.ts";
export type { Logger } from "./logger.ts";
export { agentVersion } from "./agent-version.ts";
export { SystemClock } from "./system-clock.ts";
export { platformInterpreterVersion } from "./interpreters/interpreter.ts";
export { wrapperScript } from "./step/wrapper-script.ts";
