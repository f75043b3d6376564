import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { refuseEarly } from "./expect-continue.ts";
import {
  connectionSilenceMs,
  keepAliveTimeoutMs,
  requestTimeoutMs,
  templateBytesMax,
} from "./limits.ts";

/** Certificate and key in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** The HTTP server under the API, with TLS where files are given. */
export function createHttpServer(listener: RequestListener, tls: TlsFiles | undefined): Server {
  const options = { requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveTimeoutMs };
  // An https.Server has every member of http.Server that is used here and by the framework.
  const server =
    tls === undefined
      ? createServer(options, listener)
      : (createTlsServer({ ...options, ...tls }, listener) as unknown as Server);
  server.setTimeout(connectionSilenceMs);
  refuseEarly(server, templateBytesMax);
  return server;
}
