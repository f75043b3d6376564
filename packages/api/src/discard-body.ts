import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "@courier/core";
import { discardBytesMax, discardTimeoutMs } from "./limits.ts";

/**
 * Makes sure that a client whose request was answered before its body was read gets to see the answer: closing at once
 * would reset the connection under its writes. What still arrives is thrown away, within a limit of bytes and time.
 */
export function discardRestAfterAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
): void {
  response.once("finish", () => {
    if (request.complete) return;
    discard(request, clock);
  });
}

function discard(request: IncomingMessage, clock: Clock): void {
  let discardedBytes = 0;
  const timer = clock.setTimer(discardTimeoutMs, () => request.socket.destroy());
  request.on("data", (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > discardBytesMax) request.socket.destroy();
  });
  request.once("close", () => timer.cancel());
  request.once("end", () => timer.cancel());
  request.resume();
}
