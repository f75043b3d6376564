import { CourierError } from "@courier/core";
import type { FastifyInstance } from "fastify";
import type { ApiContext } from "./api-context.ts";
import type { Metrics } from "./metrics.ts";
import { Readiness } from "./readiness.ts";
import { routeOptions } from "./route-schema.ts";

/** The service about itself: probes, metrics and its own description. */
export function addServiceRoutes(
  app: FastifyInstance,
  context: ApiContext,
  pages: { readonly metrics: Metrics; readonly openApiText: () => Promise<string> },
): void {
  const readiness = new Readiness(context.db, context.clock);
  app.get("/healthz", healthRoute, async () => ({ status: "ok" }));
  app.get("/readyz", readyRoute, async () => {
    if (context.isDraining()) throw new CourierError("SERVICE_DRAINING", "the service is stopping");
    await readiness.check();
    return { status: "ready" };
  });
  app.get("/metrics", metricsRoute, async (_, reply) => {
    const page = await pages.metrics.page();
    return reply.type(page.contentType).send(page.text);
  });
  app.get("/openapi.json", openApiRoute, async (_, reply) =>
    reply.type("application/json; charset=utf-8").send(await pages.openApiText()),
  );
}

const healthRoute = routeOptions({
  operationId: "getHealth",
  summary: "Whether the process lives",
  tag: "service",
  permission: "none",
  isUnlimited: true,
  answers: { 200: { schema: "health-response", description: "It lives." } },
});

const readyRoute = routeOptions({
  operationId: "getReadiness",
  summary: "Whether the service can work: its store answers and it is not stopping",
  tag: "service",
  permission: "none",
  isUnlimited: true,
  answers: { 200: { schema: "health-response", description: "It can." } },
  errors: ["SERVICE_DRAINING"],
});

const metricsRoute = routeOptions({
  operationId: "getMetrics",
  summary: "Metrics in Prometheus's text format",
  tag: "service",
  permission: "metrics:read",
  answers: { 200: { mediaType: "text/plain", description: "The metrics." } },
});

const openApiRoute = routeOptions({
  operationId: "getOpenApi",
  summary: "This document",
  tag: "service",
  permission: "none",
  answers: { 200: { mediaType: "application/json", description: "OpenAPI 3.1." } },
});
