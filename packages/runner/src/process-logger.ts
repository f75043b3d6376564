import { pino, stdSerializers, type DestinationStream, type Logger } from "pino";

/** The agent's log: JSON lines, on stderr unless told otherwise. Errors are logged with message and stack. */
export function createProcessLogger(
  level: string,
  destination: DestinationStream = pino.destination(2),
): Logger {
  const serializers = { error: stdSerializers.err, cause: stdSerializers.err };
  return pino({ name: "courier-runner", level, serializers }, destination);
}
