import { errorCodes, type ErrorCode } from "./error-codes.ts";

/** One place that an error is about. */
export interface ErrorDetail {
  /** JSON pointer into the document, "" for the whole. */
  readonly pointer: string;
  /** 1-based position in the user's own file; absent where there is no file. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/**
 * An operational failure at a boundary: thrown by shells, mapped once to HTTP, once to the CLI.
 * Domain code returns unions instead.
 */
export class CourierError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly details?: readonly ErrorDetail[]; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "CourierError";
    this.code = code;
    this.details = options.details ?? [];
  }

  /** Whether the same request may succeed later without a change. */
  get retryable(): boolean {
    return errorCodes[this.code].retryable;
  }
}
