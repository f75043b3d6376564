import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import { rootCertificates } from "node:tls";

import type { AxiosInstance, AxiosResponse } from "axios";

import { errorFromAnswer, type HttpAnswer } from "./error-answer.ts";
import { requestBytesMax, responseBytesMax } from "./limits.ts";
import type { Secret } from "./secret.ts";
import { timeoutFailure, transportFailure } from "./transport-failure.ts";

/** How to reach the service. */
export interface TransportOptions {
  /** Base URL of the service; a path in it is kept as prefix. */
  readonly url: string;
  readonly token: Secret | undefined;
  /** PEM text of certificate authorities to trust beside the well-known ones. */
  readonly caPem?: string | undefined;
  /** Accept any TLS certificate. */
  readonly insecure?: boolean;
  readonly userAgent: string;
  /** Called with one line per request and answer; never contains a secret. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The only module that talks HTTP. Answers with a status of 200 to 299 return, all else throws a CourierError. */
export interface Transport {
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Resolves when the head of the answer is there; `timeoutMs` covers only that. The caller destroys the stream. */
  open(request: HttpRequest): Promise<Readable>;
  /** Like `open`, with the head; names are lower case. */
  openWithHead(request: HttpRequest): Promise<{
    readonly stream: Readable;
    readonly headers: Readonly<Record<string, string>>;
  }>;
}

/** Creates the transport; it holds no connection until the first request. */
export function createTransport(options: TransportOptions): Transport {
  let http: Promise<AxiosInstance> | undefined;
  const connect = (): Promise<AxiosInstance> => (http ??= createAxios(options));
  const urlOf = (request: HttpRequest): string => joinUrl(options.url, request);

  async function send(request: HttpRequest): Promise<HttpAnswer> {
    const url = urlOf(request);
    const response = await exchange(await connect(), { ...request, url, responseType: "text" });
    const answer = readAnswer(response, typeof response.data === "string" ? response.data : "");
    options.trace?.(`${request.method} ${url} -> ${answer.status}`);
    if (!isSuccess(answer.status)) throw errorFromAnswer(options.url, answer);
    return answer;
  }

  async function openWithHead(request: HttpRequest): ReturnType<Transport["openWithHead"]> {
    const url = urlOf(request);
    const response = await exchange(await connect(), { ...request, url, responseType: "stream" });
    options.trace?.(`${request.method} ${url} -> ${response.status} (stream)`);
    // axios types `data` by the caller's claim; with responseType "stream" on Node it is a Readable.
    const stream = response.data as Readable;
    if (isSuccess(response.status)) return { stream, headers: readAnswer(response, "").headers };
    throw errorFromAnswer(options.url, readAnswer(response, await readText(stream)));
  }

  const open = async (request: HttpRequest): Promise<Readable> =>
    (await openWithHead(request)).stream;
  return { send, open, openWithHead };
}

async function createAxios(options: TransportOptions): Promise<AxiosInstance> {
  // Loaded with the first request: it takes 80 ms, and a program that only reads a profile does not need it.
  const { default: axios } = await import("axios");
  const ca = options.caPem === undefined ? {} : { ca: [...rootCertificates, options.caPem] };
  return axios.create({
    headers: {
      "User-Agent": options.userAgent,
      ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token.reveal()}` }),
    },
    maxRedirects: 0,
    maxBodyLength: requestBytesMax,
    maxContentLength: responseBytesMax,
    validateStatus: () => true,
    transformRequest: [],
    transformResponse: [],
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({
      keepAlive: true,
      rejectUnauthorized: options.insecure !== true,
      ...ca,
    }),
  });
}

async function exchange(
  http: AxiosInstance,
  request: HttpRequest & { readonly url: string; readonly responseType: "text" | "stream" },
): Promise<AxiosResponse<unknown>> {
  request.signal.throwIfAborted();
  const { signal, timer } = abortAfter(request.timeoutMs);
  const base = new URL(request.url).origin;
  try {
    return await http.request<unknown>({
      method: request.method,
      url: request.url,
      // Of a body that is not there axios would say that it is a form.
      headers: {
        ...(request.body === undefined ? { "Content-Type": false } : {}),
        ...request.headers,
      },
      data: request.body === undefined ? undefined : Buffer.from(request.body),
      responseType: request.responseType,
      // What is streamed is not kept in memory.
      ...(request.responseType === "stream" ? { maxContentLength: Number.POSITIVE_INFINITY } : {}),
      // The same limit for axios, which would otherwise wait for ever on its own account.
      timeout: request.responseType === "stream" ? 0 : request.timeoutMs,
      signal: AbortSignal.any([request.signal, signal]),
    });
  } catch (cause) {
    request.signal.throwIfAborted();
    if (signal.aborted) throw timeoutFailure(base, request.timeoutMs);
    throw transportFailure(base, cause);
  } finally {
    clearTimeout(timer);
  }
}

function abortAfter(timeoutMs: number): { signal: AbortSignal; timer: NodeJS.Timeout } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort();
  }, timeoutMs);
  return { signal: controller.signal, timer };
}

function joinUrl(base: string, request: HttpRequest): string {
  const query = request.query?.toString() ?? "";
  return base.replace(/\/+$/, "") + request.path + (query === "" ? "" : `?${query}`);
}

function readAnswer(response: AxiosResponse<unknown>, text: string): HttpAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers))
    headers[name.toLowerCase()] = String(value);
  return { status: response.status, headers, text };
}

/** Reads the body of an error; bounded, because it comes from whatever answers at that address. */
async function readText(stream: Readable): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    // Without an encoding a Readable of the HTTP parser yields Buffers.
    parts.push(part as Buffer);
    size += parts.at(-1)?.length ?? 0;
    if (size > 1024 * 1024) break;
  }
  return Buffer.concat(parts).toString("utf8");
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
