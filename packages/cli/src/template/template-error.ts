import { CourierError, type ErrorCode, type ErrorDetail } from "@courier/core";

/** What is wrong with a template, with the file that the positions are in. */
export class TemplateError extends CourierError {
  /** As the user named it; `<stdin>` and `--body` where there is none. */
  readonly file: string;
  readonly requestId: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly file: string;
      readonly details: readonly ErrorDetail[];
      readonly requestId?: string;
      readonly cause?: unknown;
    },
  ) {
    super(code, message, { details: options.details, cause: options.cause });
    this.name = "TemplateError";
    this.file = options.file;
    this.requestId = options.requestId ?? "";
  }
}
