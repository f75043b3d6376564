import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { trustedAuthorities } from "./trusted-authorities.ts";

/** What the service answered. */
export interface JsonAnswer {
  readonly status: number;
  /** Undefined when the body is not JSON. */
  readonly body: unknown;
}

/** How long to wait, and how much to take. */
export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly answerBytesMax: number;
  /** One more authority that a service's certificate may come from, PEM text. */
  readonly caPem?: string | undefined;
}

/** Posts one JSON document; like `sendRequest`. */
export async function postJson(
  url: string,
  body: unknown,
  limits: ExchangeLimits,
): Promise<JsonAnswer> {
  const text = Buffer.from(JSON.stringify(body));
  const headers = { "content-type": "application/json" };
  return await sendRequest(url, { method: "POST", headers, body: text }, limits);
}

/**
 * Sends one request and resolves with the answer, whatever its status; follows no redirect. Rejects when no answer
 * came: refused, timed out, aborted, or larger than `answerBytesMax`. Node's own client, which the WebSocket client loads
 * anyway: an HTTP library would cost a node 10 MiB for one request in its life.
 */
export function sendRequest(
  url: string,
  content: {
    readonly method: "POST" | "PUT";
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
  },
  limits: ExchangeLimits,
): Promise<JsonAnswer> {
  const { timeoutMs, answerBytesMax } = limits;
  const { method, headers, body } = content;
  const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(timeoutMs)]);
  const open = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = open(url, {
      method,
      agent: false,
      ...trustedAuthorities(limits.caPem),
      headers: { ...headers, "content-length": body.length },
      signal,
    });
    request.once("error", reject);
    request.once("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
        if (bytes > answerBytesMax) request.destroy(new Error("the answer is too large"));
      });
      response.once("error", reject);
      response.once("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          body: parsed(Buffer.concat(parts).toString("utf8")),
        });
      });
    });
    request.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller names what came instead by its status.
    return undefined;
  }
}
