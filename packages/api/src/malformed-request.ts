import type { Duplex } from "node:stream";
import { CourierError } from "@courier/core";
import { errorBody } from "./error-response.ts";

/** Answers bytes that are no HTTP request at all, in our error shape, and closes the connection. */
export function answerMalformed(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  newId: () => string,
): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, message } = answerTo(error.code);
  const body = JSON.stringify(errorBody(new CourierError("REQUEST_INVALID", message), newId()));
  socket.end(
    [
      `HTTP/1.1 ${status} ${reason}`,
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}

interface MalformedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

function answerTo(code: string | undefined): MalformedAnswer {
  if (code === "HPE_HEADER_OVERFLOW") {
    const message = "the request's headers are larger than 16 KiB";
    return { status: 431, reason: "Request Header Fields Too Large", message };
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return {
      status: 408,
      reason: "Request Timeout",
      message: "the request did not arrive in time",
    };
  }
  return { status: 400, reason: "Bad Request", message: "this is not an HTTP request" };
}
