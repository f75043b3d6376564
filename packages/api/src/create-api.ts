import type { Server } from "node:http";
import { CourierError, type Clock, type Timer } from "@courier/core";
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { Admission } from "./admission.ts";
import type { ApiContext } from "./api-context.ts";
import { Authenticator } from "./authenticator.ts";
import { discardRestAfterAnswer } from "./discard-body.ts";
import { sendError } from "./error-response.ts";
import { addEvidenceRoutes } from "./evidence.ts";
import { createHttpServer, type TlsFiles } from "./http-server.ts";
import { HttpStats } from "./http-stats.ts";
import { addBudgetRoutes } from "./budgets.ts";
import { addExceptionRuleRoutes } from "./exception-rules.ts";
import { addInstanceRoutes } from "./instances.ts";
import { addExplainJobRoute } from "./explanation/explain-job.ts";
import { addExplainRoute } from "./explanation/explain.ts";
import { addPauseRoutes } from "./pause.ts";
import { addJobRoutes } from "./jobs.ts";
import { parseJsonBody } from "./json-body.ts";
import {
  bodyBytesMax,
  closeGraceMs,
  closeSweepMs,
  defaultApiLimits,
  type ApiLimits,
} from "./limits.ts";
import { LiveStreams } from "./live-streams.ts";
import { answerMalformed } from "./malformed-request.ts";
import { Metrics } from "./metrics.ts";
import { addNodeApprovalRoutes } from "./node-approval.ts";
import { addNodeAttributeRoutes } from "./node-attributes.ts";
import { addNodeSetRoutes } from "./node-sets.ts";
import { addNodeRoutes } from "./nodes.ts";
import { writeOpenApi } from "./open-api.ts";
import { parseQueryString } from "./query-string.ts";
import { requestIdOf } from "./request-id.ts";
import { compileRequestValidator } from "./request-validation.ts";
import { RouteList } from "./route-list.ts";
import { addRunRoutes } from "./runs.ts";
import { addServiceRoutes } from "./service-routes.ts";
import { addLoginRoutes } from "./logins.ts";
import { addTokenRoutes } from "./tokens.ts";

/** What an API is made of. */
export interface ApiOptions extends Omit<ApiContext, "streams" | "isDraining"> {
  /** The service's version, for the OpenAPI document. */
  readonly version: string;
  readonly limits?: Partial<ApiLimits>;
  readonly tls?: TlsFiles;
}

/** The HTTP API of the service. */
export interface Api {
  /** The server under it: whoever handles upgrades (the gateway) listens here. */
  readonly server: Server;
  /** Numbers for the metrics page; add to it before the first request. */
  readonly metrics: Metrics;
  /** Starts to listen; resolves with the port that is really bound. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** From now on changes are refused and streams end; reading goes on. Idempotent. */
  drain(): void;
  /** Drains, lets requests in flight end, and stops to listen. Idempotent, works before `listen`. */
  close(): Promise<void>;
}

/** Makes the API; it does not listen yet. */
export function createApi(options: ApiOptions): Api {
  const drain = { isOn: false };
  const streams = new LiveStreams(options.bus, options.clock);
  const context: ApiContext = { ...options, streams, isDraining: () => drain.isOn };
  const metrics = new Metrics();
  const app = createApp(options);
  addRoutes(app, options, { context, metrics });
  const startDrain = (): void => {
    drain.isOn = true;
    streams.endAll();
  };
  return {
    server: app.server,
    metrics,
    listen: async (address) => listen(app, address),
    drain: startDrain,
    close: async () => {
      startDrain();
      await close(app, options.clock);
    },
  };
}

function createApp(options: ApiOptions): FastifyInstance {
  const app: FastifyInstance = fastify({
    loggerInstance: options.log satisfies FastifyBaseLogger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    genReqId: (request) => requestIdOf(request, options.newId),
    serverFactory: (listener) => createHttpServer(listener, options.tls),
    clientErrorHandler: (error, socket) => answerMalformed(error, socket, options.newId),
    frameworkErrors: (error, request, reply) => sendError(error, request, reply),
    forceCloseConnections: "idle",
    // A request that still arrives on an open connection gets our own answer.
    return503OnClosing: false,
    routerOptions: { querystringParser: parseQueryString, maxParamLength: 500 },
  });
  app.setValidatorCompiler(compileRequestValidator);
  app.setSerializerCompiler(() => JSON.stringify);
  app.decorateRequest("principal", null);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    async (_: unknown, body: Buffer) => parseJsonBody(body),
  );
  return app;
}

function addRoutes(
  app: FastifyInstance,
  options: ApiOptions,
  parts: { readonly context: ApiContext; readonly metrics: Metrics },
): void {
  const { context, metrics } = parts;
  const authenticator = new Authenticator(context.db, context.clock);
  const limits = { ...defaultApiLimits, ...options.limits };
  const admission = new Admission({ ...context, authenticator, limits });
  const routes = new RouteList();
  const httpStats = new HttpStats();
  for (const metric of httpStats.metrics()) metrics.add(metric);
  metrics.add({
    name: "courier_live_streams",
    help: "Open event and output streams.",
    kind: "gauge",
    read: () => context.streams.count,
  });
  app.addHook("onRoute", (route) => routes.add(route));
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    discardRestAfterAnswer(request.raw, reply.raw, context.clock);
    await admission.admit(request, reply);
  });
  app.addHook("onResponse", async (request, reply) => httpStats.count(request, reply));
  addJobRoutes(app, context);
  addExceptionRuleRoutes(app, context);
  addBudgetRoutes(app, context);
  addInstanceRoutes(app, context);
  addPauseRoutes(app, context);
  addExplainRoute(app, context);
  addExplainJobRoute(app, context);
  addRunRoutes(app, context);
  addEvidenceRoutes(app, context);
  addNodeRoutes(app, context);
  addNodeAttributeRoutes(app, context);
  addNodeApprovalRoutes(app, context);
  addNodeSetRoutes(app, context);
  addTokenRoutes(app, context, authenticator);
  addLoginRoutes(app, { authenticator, clock: context.clock });
  let openApi: Promise<string> | undefined;
  const openApiText = async (): Promise<string> =>
    (openApi ??= writeOpenApi(routes.all(), options.version));
  addServiceRoutes(app, context, { metrics, openApiText });
  addNotFound(app, routes);
}

/** Paths that do not exist, methods that a path does not have, and OPTIONS. */
function addNotFound(app: FastifyInstance, routes: RouteList): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const methods = routes.methodsOf(path);
    if (methods.length > 0) reply.header("allow", [...methods, "OPTIONS"].join(", "));
    if (methods.length > 0 && request.method === "OPTIONS") {
      void reply.code(204).send();
      return;
    }
    const hint = methods.length > 0 ? `; it answers to ${methods.join(", ")}` : "";
    const message = `there is no ${request.method} ${path}${hint}`;
    sendError(new CourierError("ROUTE_NOT_FOUND", message), request, reply);
  });
}

async function listen(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number },
): Promise<number> {
  await app.listen({ ...address, listenTextResolver: () => "listening" });
  const bound = app.server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on a port");
  return bound.port;
}

/** Connections become idle one by one as their last answer is read; each is closed then, all of them after the grace. */
async function close(app: FastifyInstance, clock: Clock): Promise<void> {
  let sweep: Timer | undefined;
  const closeIdle = (): void => {
    app.server.closeIdleConnections();
    sweep = clock.setTimer(closeSweepMs, closeIdle);
  };
  const grace = clock.setTimer(closeGraceMs, () => app.server.closeAllConnections());
  closeIdle();
  try {
    await app.close();
  } finally {
    grace.cancel();
    sweep?.cancel();
  }
}
