import { CourierError, errorCodes, type ErrorCode } from "@courier/core";
import { enrollTimeoutMs } from "../limits.ts";
import type { EnrolledAs } from "./identity.ts";
import { postJson } from "./send-request.ts";

/** What the node tells when it asks to be admitted. */
export interface EnrollRequest {
  readonly url: string;
  readonly caPem?: string | undefined;
  readonly key: string;
  readonly name: string;
  /** SPKI DER, base64. */
  readonly publicKey: string;
  readonly attributes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly signal: AbortSignal;
}

/** Asks the service to admit this node. Throws a `CourierError`; a retryable one means: try again later. */
export async function enroll(request: EnrollRequest): Promise<EnrolledAs> {
  const { url, caPem, signal, ...body } = request;
  const response = await postJson(`${url.replace(/\/+$/, "")}/node/management/v1/enroll`, body, {
    timeoutMs: enrollTimeoutMs,
    signal,
    caPem,
    answerBytesMax: 64 * 1024,
  }).catch((cause: unknown) => {
    throw new CourierError("SERVICE_UNREACHABLE", `cannot reach ${url}: ${messageOf(cause)}`, {
      cause,
    });
  });
  if (response.status < 200 || response.status > 299)
    throw refusalOf(response.status, response.body);
  return enrolledFrom(response.body, request.name);
}

/** The service's own error where there is one, else what the status says. */
function refusalOf(status: number, body: unknown): CourierError {
  const error = fieldOf(body, "error");
  const code = fieldOf(error, "code");
  const message = fieldOf(error, "message");
  const text = typeof message === "string" ? message : `the service answered with HTTP ${status}`;
  if (isErrorCode(code)) return new CourierError(code, `enrolment refused: ${text}`);
  const fallback = status >= 500 || status === 429 ? "SERVICE_UNREACHABLE" : "REQUEST_INVALID";
  return new CourierError(fallback, `enrolment failed: ${text}`);
}

function enrolledFrom(body: unknown, name: string): EnrolledAs {
  const item = fieldOf(body, "item");
  const nodeId = fieldOf(item, "nodeId");
  const serverPublicKey = fieldOf(item, "serverPublicKey");
  if (typeof nodeId !== "string" || typeof serverPublicKey !== "string") {
    throw new CourierError(
      "REQUEST_INVALID",
      "enrolment failed: the answer is not that of a courier-server; check --url",
    );
  }
  return { nodeId, name, serverPublicKey };
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorCodes, code);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message !== "" ? error.message : "code" in error ? String(error.code) : error.name;
}
