import type { IncomingMessage, Server, ServerResponse } from "node:http";

/**
 * Answers `Expect: 100-continue` only when the body may be sent at all: a client that asks first (curl with a large
 * file) is refused before it sends a byte. Everything else goes its usual way.
 */
export function refuseEarly(server: Server, largestBodyBytes: number): void {
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    const isTooLarge = Number(request.headers["content-length"] ?? 0) > largestBodyBytes;
    if (isTooLarge) response.shouldKeepAlive = false;
    else response.writeContinue();
    server.emit("request", request, response);
  });
}
