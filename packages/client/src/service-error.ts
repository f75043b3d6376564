import { CourierError, errorCodes, type ErrorCode, type ErrorDetail } from "@courier/core";

/** An error that the service answered with; carries the request id that the service's log knows. */
export class ServiceError extends CourierError {
  readonly requestId: string;
  /** What the Retry-After header asks for, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly details?: readonly ErrorDetail[];
      readonly requestId?: string;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    super(code, message, { details: options.details ?? [] });
    this.name = "ServiceError";
    this.requestId = options.requestId ?? "";
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** No usable answer came from the service: connection, name, TLS, time, or something else answered there. */
export class UnreachableError extends CourierError {
  readonly #isTransient: boolean;

  constructor(
    message: string,
    options: { readonly isTransient: boolean; readonly cause?: unknown },
  ) {
    super("SERVICE_UNREACHABLE", message, { cause: options.cause });
    this.name = "UnreachableError";
    this.#isTransient = options.isTransient;
  }

  /** Name and certificate problems do not go away by asking again. */
  override get retryable(): boolean {
    return this.#isTransient;
  }
}

/** True for a code of the registry; a newer service may know more of them. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}
