import type { Metrics } from "@courier/api";
import type { Gateway } from "@courier/gateway";
import type { Scheduler } from "@courier/scheduler";

/** Puts what scheduler and gateway count on the metrics page. */
export function addServiceMetrics(
  metrics: Metrics,
  parts: { readonly scheduler: Scheduler; readonly gateway: Gateway },
): void {
  addSchedulerMetrics(metrics, parts.scheduler);
  addGatewayMetrics(metrics, parts.gateway);
}

function addSchedulerMetrics(metrics: Metrics, scheduler: Scheduler): void {
  metrics.add({
    name: "courier_jobs_fired_total",
    help: "Instances that were created from due jobs.",
    kind: "counter",
    read: () => scheduler.stats().firedJobs,
  });
  metrics.add({
    name: "courier_runs_dispatched_total",
    help: "Runs that were claimed for their nodes.",
    kind: "counter",
    read: () => scheduler.stats().dispatchedRuns,
  });
  metrics.add({
    name: "courier_runs_ended_total",
    help: "Runs that ended, by outcome.",
    kind: "counter",
    labelNames: ["outcome"],
    read: () =>
      Object.entries(scheduler.stats().endedRuns).map(([outcome, value]) => ({
        labels: { outcome },
        value,
      })),
  });
  metrics.add({
    name: "courier_report_backlog_frames",
    help: "Frames of nodes that wait for their commit.",
    kind: "gauge",
    read: () => scheduler.stats().backlog,
  });
}

function addGatewayMetrics(metrics: Metrics, gateway: Gateway): void {
  metrics.add({
    name: "courier_connected_nodes",
    help: "Nodes with a session on this process.",
    kind: "gauge",
    read: () => gateway.stats().connectedNodes,
  });
  metrics.add({
    name: "courier_node_connections",
    help: "Node connections of this process, authenticated or not yet.",
    kind: "gauge",
    read: () => gateway.stats().connections,
  });
}
