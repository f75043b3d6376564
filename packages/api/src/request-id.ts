import type { IncomingMessage } from "node:http";
import { requestIdLengthMax } from "./limits.ts";

/** The caller's own request id where it is harmless to repeat, else a new one. */
export function requestIdOf(request: IncomingMessage, newId: () => string): string {
  const given = request.headers["x-request-id"];
  if (typeof given !== "string" || given.length > requestIdLengthMax) return newId();
  return /^[\w.:-]+$/.test(given) ? given : newId();
}
