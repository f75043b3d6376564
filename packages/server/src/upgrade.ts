import type { Duplex } from "node:stream";

const body = JSON.stringify({
  error: {
    code: "ROUTE_NOT_FOUND",
    message: "there is no such WebSocket endpoint; nodes connect to /node/management/v1/session",
    details: [],
    requestId: "",
  },
});

/** Answers an upgrade to a path that has none, and closes the connection. */
export function refuseUpgrade(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.end(
    [
      "HTTP/1.1 404 Not Found",
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
