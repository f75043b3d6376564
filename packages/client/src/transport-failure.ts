import { isRecord } from "./json.ts";
import { UnreachableError } from "./service-error.ts";

/** Names what kept a request from being answered, in words that tell the reader where to look. */
export function transportFailure(url: string, cause: unknown): UnreachableError {
  const code = findCode(cause);
  const reason = reasons[code];
  if (reason !== undefined) {
    return new UnreachableError(`cannot reach ${url}: ${reason.text(new URL(url).hostname)}`, {
      isTransient: reason.isTransient,
      cause,
    });
  }
  if (code.startsWith("HPE_")) {
    return new UnreachableError(`cannot reach ${url}: what listens there does not speak HTTP`, {
      isTransient: false,
      cause,
    });
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  const isTls = /CERT|ISSUER|SIGNED|TLS|SSL|ALTNAME|EPROTO/.test(code);
  const detail = isTls ? tlsReason(code, text) : [text, code].filter(Boolean).join(", ");
  return new UnreachableError(`cannot reach ${url}: ${detail}`, { isTransient: !isTls, cause });
}

/** The failure of a request that got no complete answer in time. */
export function timeoutFailure(url: string, timeoutMs: number): UnreachableError {
  const message = `cannot reach ${url}: no answer within ${timeoutMs / 1000} s`;
  return new UnreachableError(message, { isTransient: true });
}

interface Reason {
  readonly text: (host: string) => string;
  readonly isTransient: boolean;
}

const reasons: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: { text: () => "connection refused; nothing listens there", isTransient: true },
  ENOTFOUND: { text: (host) => `the host name "${host}" is not known`, isTransient: false },
  EAI_AGAIN: { text: (host) => `the host name "${host}" cannot be resolved`, isTransient: true },
  EHOSTUNREACH: { text: () => "no route to the host", isTransient: true },
  ENETUNREACH: { text: () => "the network is unreachable", isTransient: true },
  ECONNRESET: { text: () => "the connection was closed before the answer came", isTransient: true },
  EPIPE: { text: () => "the connection was closed while the request was sent", isTransient: true },
  ETIMEDOUT: { text: () => "the connection timed out", isTransient: true },
  ECONNABORTED: { text: () => "the connection was aborted", isTransient: true },
};

function tlsReason(code: string, text: string): string {
  if (text.includes("wrong version number") || text.includes("packet length too long")) {
    return "what listens there does not speak TLS; is it http://?";
  }
  return `its TLS certificate is not trusted (${text}, ${code}); name its authority with Cafile`;
}

/** Libraries wrap the system's error; the innermost code is the one that says what happened. */
function findCode(error: unknown): string {
  if (!isRecord(error)) return "";
  const inner = findCode(error["cause"]) || findCode(firstOf(error["errors"]));
  if (inner !== "") return inner;
  return typeof error["code"] === "string" ? error["code"] : "";
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}
