import type { ErrorCode, ErrorDetail } from "@courier/core";

import { isRecord, parseJson } from "./json.ts";
import { quotedBodyLengthMax } from "./limits.ts";
import { isErrorCode, ServiceError, UnreachableError } from "./service-error.ts";

/** The parts of an HTTP answer that decide what it means. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Turns an answer that is not a success into the error to throw. */
export function errorFromAnswer(url: string, answer: HttpAnswer): ServiceError | UnreachableError {
  const body = parseJson(answer.text);
  const error = isRecord(body) ? body["error"] : undefined;
  if (isRecord(error) && typeof error["message"] === "string") return serviceError(error, answer);
  return foreignAnswer(url, answer);
}

/** A success that is not JSON, or a failure without our error object: something else answers at this URL. */
export function foreignAnswer(url: string, answer: HttpAnswer): ServiceError | UnreachableError {
  const location = answer.headers["location"];
  if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
    const message = `${url} redirects to ${location}; use the final address as the profile's Url`;
    return new UnreachableError(message, { isTransient: false });
  }
  if (answer.status === 401 || answer.status === 403) {
    const code = answer.status === 401 ? "UNAUTHENTICATED" : "FORBIDDEN";
    return new ServiceError(code, `${url} answered ${answer.status}`, requestIdOf(answer));
  }
  const message = `${url} answered ${answer.status} with something that is not Courier's${quote(answer)}`;
  return new UnreachableError(message, {
    isTransient: answer.status >= 502 && answer.status <= 504,
  });
}

function serviceError(error: Readonly<Record<string, unknown>>, answer: HttpAnswer): ServiceError {
  const code = typeof error["code"] === "string" ? error["code"] : "";
  const requestId = error["requestId"];
  return new ServiceError(
    isErrorCode(code) ? code : codeOfStatus(answer.status),
    String(error["message"]),
    {
      details: readDetails(error["details"]),
      ...(typeof requestId === "string" ? { requestId } : requestIdOf(answer)),
      retryAfterMs: readRetryAfter(answer.headers["retry-after"]),
    },
  );
}

function readDetails(value: unknown): ErrorDetail[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((detail) => ({
    // Details of newer services may carry more (expected, didYouMean, allowed): all of it is shown.
    ...detail,
    pointer: typeof detail["pointer"] === "string" ? detail["pointer"] : "",
    message: typeof detail["message"] === "string" ? detail["message"] : JSON.stringify(detail),
  }));
}

/** The meaning of a status for a code that this version does not know yet. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401) return "UNAUTHENTICATED";
  if (status === 403) return "FORBIDDEN";
  if (status === 404) return "ROUTE_NOT_FOUND";
  if (status === 413) return "BODY_TOO_LARGE";
  if (status === 415) return "BODY_FORMAT_UNKNOWN";
  if (status === 429) return "RATE_LIMITED";
  if (status === 503) return "SERVICE_DRAINING";
  return status < 500 ? "REQUEST_INVALID" : "INTERNAL";
}

function requestIdOf(answer: HttpAnswer): { requestId?: string } {
  const requestId = answer.headers["x-request-id"];
  return requestId === undefined ? {} : { requestId };
}

function readRetryAfter(header: string | undefined): number | undefined {
  const seconds = header === undefined ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function quote(answer: HttpAnswer): string {
  const type = answer.headers["content-type"]?.split(";")[0] ?? "no content type";
  const text = answer.text.replaceAll(/\s+/g, " ").trim();
  if (text === "") return ` (${type}, empty body)`;
  const cut = text.slice(0, quotedBodyLengthMax);
  return ` (${type}): ${JSON.stringify(cut.length < text.length ? `${cut}…` : cut)}`;
}
