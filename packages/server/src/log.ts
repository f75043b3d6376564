import { destination, pino, type Logger } from "pino";

/** The service's log: JSON lines on stderr, without secrets. */
export function createLog(level: string): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: "[redacted]" },
  };
  return pino(options, destination({ dest: 2, sync: true }));
}

/** Where a secret could stand in a log entry by mistake. */
const redactedPaths = [
  "authorization",
  "key",
  "privateKey",
  "token",
  "*.authorization",
  "*.key",
  "*.privateKey",
  "*.token",
  "*.headers.authorization",
  "headers.authorization",
  "req.headers.authorization",
];
