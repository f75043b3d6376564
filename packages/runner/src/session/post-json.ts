import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** What the service answered. */
export interface JsonAnswer {
  readonly status: number;
  /** Undefined when the body is not JSON. */
  readonly body: unknown;
}

/**
 * Posts one JSON document and resolves with the answer, whatever its status; follows no redirect. Rejects when no answer
 * came: refused, timed out, aborted, or larger than `answerBytesMax`. Node's own client, which the WebSocket client loads
 * anyway: an HTTP library would cost a node 10 MiB for one request in its life.
 */
export function postJson(
  url: string,
  body: unknown,
  options: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly answerBytesMax: number;
  },
): Promise<JsonAnswer> {
  const { timeoutMs, answerBytesMax } = options;
  const text = JSON.stringify(body);
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
  const post = new URL(url).protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = post(url, {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
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
    request.end(text);
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
