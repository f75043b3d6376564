import { CourierError, errorCodes, type ErrorDetail } from "@courier/core";

import type { Paint } from "./color.ts";
import { renderJson } from "./format.ts";
import { visibleText } from "./text-width.ts";

/** The one shape of an error, from the service and from the CLI. */
export interface ErrorObject {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: readonly ErrorDetail[];
    readonly requestId: string;
  };
}

/** The error as scripts read it. */
export function errorObject(error: unknown): ErrorObject {
  const known = error instanceof CourierError ? error : undefined;
  return {
    error: {
      code: known?.code ?? "INTERNAL",
      message: error instanceof Error ? error.message : String(error),
      details: known?.details ?? [],
      requestId: readText(error, "requestId") ?? "",
    },
  };
}

/** The error object as JSON text. */
export function renderErrorJson(error: unknown): string {
  return renderJson(errorObject(error));
}

/** The error as a person reads it: what failed, one line per place, and what to do about it. */
export function renderErrorText(error: unknown, paint: Paint): string {
  const { code, message, details, requestId } = errorObject(error).error;
  const lines = [`${paint("error:", "error")} ${visibleText(message)}`];
  const file = readText(error, "file");
  // The message of a single mistake in a body says it already.
  const [first] = details;
  const isSaid =
    details.length === 1 && file === undefined && message.endsWith(first?.message ?? "");
  for (const detail of isSaid ? [] : details) {
    lines.push(`  ${visibleText(renderDetail(detail, file))}`);
  }
  const help = helpFor(error);
  if (help !== undefined) lines.push(`help: ${help}`);
  if (requestId !== "") lines.push(`request id: ${visibleText(requestId)}`);
  if (code === "INTERNAL" && !(error instanceof CourierError)) lines.push(stackOf(error));
  return `${lines.join("\n")}\n`;
}

/** `file:line:column pointer: message`, without the parts that are not known. */
export function renderDetail(detail: ErrorDetail, file: string | undefined): string {
  const position = detail.line === undefined ? [] : [detail.line, detail.column ?? 1];
  const place = [
    ...(position.length > 0 || file !== undefined ? [file ?? "line"] : []),
    ...position,
  ];
  const prefix = [place.join(":"), detail.pointer].filter((part) => part !== "").join(" ");
  return prefix === "" ? detail.message : `${prefix}: ${detail.message}`;
}

function helpFor(error: unknown): string | undefined {
  if (!(error instanceof CourierError)) {
    return "this is a defect of courier-cli; please report it with the text above and below";
  }
  if (error.code === "USAGE" && error.message.includes("--")) return undefined;
  return cliHelp[error.code] ?? errorCodes[error.code].help;
}

/** Where the registry speaks to those who write requests, a person at the CLI needs other words. */
const cliHelp: Partial<Record<string, string>> = {
  UNAUTHENTICATED: "store a valid token with `courier-cli register-device`, or set COURIER_TOKEN",
};

function readText(error: unknown, key: "requestId" | "file"): string | undefined {
  // Service errors and template errors carry these; both are plain properties.
  const value: unknown = error instanceof Error ? Reflect.get(error, key) : undefined;
  return typeof value === "string" ? value : undefined;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? "") : "";
}
