import type { FastifyReply, FastifyRequest } from "fastify";
import type { Metric, MetricValue } from "./metrics.ts";

interface RouteStats {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
  totalMs: number;
}

/** Counts answered requests by method, route and status. */
export class HttpStats {
  readonly #routes = new Map<string, RouteStats>();

  /** Counts one answered request.. */
  count(request: FastifyRequest, reply: FastifyReply): void {
    const route = request.routeOptions.url ?? "unknown";
    const status = String(reply.statusCode);
    const key = `${request.method} ${route} ${status}`;
    const stats = this.#routes.get(key) ?? {
      labels: { method: request.method, route, status },
      count: 0,
      totalMs: 0,
    };
    stats.count += 1;
    stats.totalMs += reply.elapsedTime;
    this.#routes.set(key, stats);
  }

  /** The counts as metrics. */
  metrics(): Metric[] {
    const labelNames = ["method", "route", "status"];
    return [
      {
        name: "courier_http_requests_total",
        help: "Answered HTTP requests.",
        kind: "counter",
        labelNames,
        read: () => this.#values((stats) => stats.count),
      },
      {
        name: "courier_http_request_seconds_total",
        help: "Time spent answering HTTP requests; streams count until they end.",
        kind: "counter",
        labelNames,
        read: () => this.#values((stats) => stats.totalMs / 1000),
      },
    ];
  }

  #values(valueOf: (stats: RouteStats) => number): MetricValue[] {
    return [...this.#routes.values()].map((stats) => ({
      labels: stats.labels,
      value: valueOf(stats),
    }));
  }
}
