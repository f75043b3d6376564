export type {
  CallOptions,
  ClientOptions,
  CourierClient,
  Filters,
  PageQuery,
  TemplateText,
} from "./client.ts";
export { createClient } from "./client.ts";
export type { OutputEvent, OutputPiece } from "./follow-output.ts";
export type { Pace } from "./retry-policy.ts";
export { isRetryable } from "./retry-policy.ts";
export { Secret } from "./secret.ts";
export { ServiceError, UnreachableError } from "./service-error.ts";
export type { WatchEvent } from "./watch-instance.ts";
