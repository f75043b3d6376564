import { CourierError, errorCodes, type ErrorCode } from "@courier/core";
import type { ErrorBody } from "@courier/schema";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

/** The one error body of this API. */
export function errorBody(error: CourierError, requestId: string): ErrorBody {
  const details = error.details.map(({ pointer, line, column, message }) => ({
    pointer,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    message,
  }));
  return { error: { code: error.code, message: error.message, details, requestId } };
}

/** Answers a request with an error: ours as it is, the framework's translated, a defect hidden behind its request id. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toCourierError(error, request);
  const { httpStatus } = errorCodes[known.code];
  if (httpStatus >= 500) {
    request.log.error({ err: error, requestId: request.id }, "request failed");
  }
  if (httpStatus === 401) reply.header("www-authenticate", "Bearer");
  // The framework asks to close after a body that it did not read; we read and discard it instead (discard-body.ts).
  reply.removeHeader("connection");
  void reply
    .code(httpStatus)
    .type("application/json; charset=utf-8")
    .send(errorBody(known, request.id));
}

function toCourierError(error: unknown, request: FastifyRequest): CourierError {
  if (error instanceof CourierError) return error;
  const frameworkCode = isFastifyError(error) ? translations[error.code] : undefined;
  if (frameworkCode !== undefined) {
    return new CourierError(frameworkCode, messageFor(frameworkCode, error, request), {
      cause: error,
    });
  }
  return new CourierError(
    "INTERNAL",
    `the service failed on this request; its log says why under request id ${request.id}`,
    { cause: error },
  );
}

const translations: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BODY_TOO_LARGE",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "BODY_FORMAT_UNKNOWN",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "BODY_INVALID",
  FST_ERR_CTP_EMPTY_JSON_BODY: "BODY_INVALID",
  FST_ERR_CTP_INVALID_JSON_BODY: "BODY_INVALID",
  FST_ERR_BAD_URL: "REQUEST_INVALID",
  FST_ERR_MAX_PARAM_LENGTH: "REQUEST_INVALID",
  ECONNRESET: "REQUEST_INVALID",
};

function messageFor(code: ErrorCode, error: unknown, request: FastifyRequest): string {
  if (code === "BODY_TOO_LARGE") return tooLargeMessage(request.routeOptions.bodyLimit);
  if (code === "BODY_FORMAT_UNKNOWN") {
    return `content type ${JSON.stringify(request.headers["content-type"] ?? "")} is not accepted here; send application/json`;
  }
  return lowerFirst(error instanceof Error ? error.message : String(error));
}

function tooLargeMessage(limit: number): string {
  const mebibytes = limit / (1024 * 1024);
  const readable = mebibytes >= 1 ? `${mebibytes} MiB` : `${limit / 1024} KiB`;
  return `the body is larger than the limit of ${readable} (${limit} bytes)`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
