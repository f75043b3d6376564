import { normalQuantile } from "./normal-quantile.ts";

/** How long runs take. */
export interface Latency {
  /** The time (ms) that the fraction `p` of all runs does not exceed, 0 < p < 1. */
  readonly at: (p: number) => number;
}

/** A latency, or the one sentence that says why there is none. */
export type ParsedLatency =
  | { readonly ok: true; readonly latency: Latency }
  | { readonly ok: false; readonly message: string };

/**
 * Reads `5s` (every run), `2s..30s` (evenly spread) and `p50=5s,p99=60s[,max=2m]` (log-normal through two percentiles;
 * through more of them, piece by piece). Units: ms, s, m, h; a bare number is seconds.
 */
export function parseLatency(text: string): ParsedLatency {
  const trimmed = text.trim();
  if (trimmed.includes("=")) return parsePercentiles(trimmed);
  const [low, high, ...more] = trimmed.split("..").map(readDuration);
  if (low === undefined || more.length > 0) return unreadable(text);
  if (!trimmed.includes("..")) return { ok: true, latency: { at: () => low } };
  if (high === undefined) return unreadable(text);
  if (high < low) return refused(text, "the range ends before it begins");
  return { ok: true, latency: { at: (p) => low + (high - low) * p } };
}

interface Percentile {
  /** In (0, 1). */
  readonly p: number;
  readonly z: number;
  /** ms. */
  readonly time: number;
}

function parsePercentiles(text: string): ParsedLatency {
  const points: Percentile[] = [];
  let max = Number.POSITIVE_INFINITY;
  for (const part of text.split(",")) {
    const [, name = "", value = ""] = /^\s*([^=]*?)\s*=(.*)$/.exec(part) ?? [];
    const time = readDuration(value);
    if (time === undefined) return unreadable(text);
    const percent = /^p(\d{1,2}(?:\.\d{1,4})?)$/i.exec(name)?.[1];
    if (name.toLowerCase() === "max") max = time;
    else if (percent === undefined) return unreadable(text);
    else points.push(percentile(Number(percent) / 100, time));
  }
  points.sort((a, b) => a.p - b.p);
  const mistake = findMistake(points, max);
  if (mistake !== undefined) return refused(text, mistake);
  return { ok: true, latency: { at: (p) => Math.min(max, timeAt(points, p)) } };
}

function percentile(p: number, time: number): Percentile {
  // The logarithm of no time at all is not finite; a millisecond is as good.
  return { p, z: normalQuantile(p), time: Math.max(1, time) };
}

function findMistake(points: readonly Percentile[], max: number): string | undefined {
  const times = [...points.map(({ time }) => time), max];
  if (points.some(({ p }) => p <= 0)) return "percentiles are more than 0 and less than 100";
  if (points.length < 2) return "it takes two percentiles, such as p50=5s,p99=60s";
  if (new Set(points.map(({ p }) => p)).size < points.length) return "a percentile is given twice";
  if (times.some((time, index) => time < (times[index - 1] ?? 0))) {
    return "a higher percentile cannot be faster";
  }
  return undefined;
}

/** The logarithm of the time is a straight line over z between two percentiles, and goes on beyond the outer ones. */
function timeAt(points: readonly Percentile[], p: number): number {
  const z = normalQuantile(p);
  const above = points.findIndex((point) => point.z >= z);
  const index = Math.max(1, above === -1 ? points.length - 1 : above);
  const [low, high] = [points[index - 1], points[index]];
  if (low === undefined || high === undefined) return 0;
  const part = (z - low.z) / (high.z - low.z);
  return low.time * (high.time / low.time) ** part;
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function readDuration(text: string): number | undefined {
  const [, number, unit = "s"] = /^\s*(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h)?\s*$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (unitsMs[unit] ?? 1000);
}

function unreadable(text: string): ParsedLatency {
  return refused(text, "expected 5s, 2s..30s or p50=5s,p99=60s (units ms, s, m, h)");
}

function refused(text: string, why: string): ParsedLatency {
  return { ok: false, message: `${JSON.stringify(text)} is no latency: ${why}` };
}
