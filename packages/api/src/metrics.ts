import type { Registry } from "prom-client";

/** One labelled value of a metric. */
export interface MetricValue {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A number that another part of the service keeps; read when the metrics page is asked for. */
export interface Metric {
  /** With its unit, as Prometheus wants it: `courier_runs_ended_total`. */
  readonly name: string;
  readonly help: string;
  /** A counter only grows while the process lives. */
  readonly kind: "counter" | "gauge";
  readonly labelNames?: readonly string[];
  readonly read: () => number | readonly MetricValue[];
}

/**
 * The metrics page: the process's own numbers and those that parts of the service keep. They know nothing of
 * Prometheus; its library is loaded with the first page.
 */
export class Metrics {
  readonly #metrics: Metric[] = [];
  #registry: Promise<Registry> | undefined;

  /** Adds a metric to the page; names are unique. */
  add(metric: Metric): void {
    this.#metrics.push(metric);
  }

  /** The page in Prometheus's text format. */
  async page(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#registry ??= this.#createRegistry();
    const registry = await this.#registry;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  async #createRegistry(): Promise<Registry> {
    const {
      collectDefaultMetrics,
      Counter,
      Gauge,
      Registry: PrometheusRegistry,
    } = await import("prom-client");
    const registry = new PrometheusRegistry();
    collectDefaultMetrics({ register: registry });
    for (const metric of this.#metrics) {
      const labelNames = [...(metric.labelNames ?? [])];
      const options = { name: metric.name, help: metric.help, labelNames, registers: [registry] };
      if (metric.kind === "gauge") {
        new Gauge({
          ...options,
          collect() {
            setAll(valuesOf(metric), this);
          },
        });
      } else {
        new Counter({
          ...options,
          collect() {
            this.reset();
            for (const { labels, value } of valuesOf(metric)) this.inc(labels ?? {}, value);
          },
        });
      }
    }
    return registry;
  }
}

function setAll(
  values: readonly MetricValue[],
  gauge: { reset(): void; set(labels: Record<string, string>, value: number): void },
): void {
  gauge.reset();
  for (const { labels, value } of values) gauge.set({ ...labels }, value);
}

function valuesOf(metric: Metric): readonly MetricValue[] {
  const read = metric.read();
  return typeof read === "number" ? [{ value: read }] : read;
}
