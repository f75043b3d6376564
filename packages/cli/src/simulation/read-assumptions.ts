import { CourierError, parseLatency, type Assumptions } from "@courier/core";
import type { OptionSpec } from "../command.ts";
import type { Flags } from "../usage/flags.ts";

/** What is assumed of runs, as numbers and as it was typed. */
export interface GivenAssumptions {
  readonly assumptions: Omit<Assumptions, "offline" | "stepLimitMs">;
  readonly asGiven: AssumptionsAsGiven;
}

/** Rates from 0 to 1, and the latency as text. */
export interface AssumptionsAsGiven {
  readonly failureRate: number;
  readonly timeoutRate: number;
  readonly unreachableRate: number;
  readonly latency: string;
}

/** The flags that say what to assume. */
export const assumptionOptions: readonly OptionSpec[] = [
  { flag: "--latency <LATENCY>", summary: "how long a run takes; see below", isRequired: true },
  { flag: "--failure-rate <RATE>", summary: "runs that fail: 0.05 or 5% (default 0)" },
  {
    flag: "--timeout-rate <RATE>",
    summary: "runs that hang until a limit of time ends them (default 0)",
  },
  {
    flag: "--unreachable-rate <RATE>",
    summary: "nodes that are offline all the time (default 0)",
  },
];

/** Reads what is assumed; a rate or a latency that is none is a usage error. */
export function readAssumptions(flags: Flags): GivenAssumptions {
  const text = flags.need("latency");
  const parsed = parseLatency(text);
  if (!parsed.ok) throw new CourierError("USAGE", `--latency: ${parsed.message}`);
  const rates = {
    failureRate: readRate(flags, "failureRate", "--failure-rate"),
    timeoutRate: readRate(flags, "timeoutRate", "--timeout-rate"),
    unreachableRate: readRate(flags, "unreachableRate", "--unreachable-rate"),
  };
  if (rates.failureRate + rates.timeoutRate > 1) {
    const message =
      "--failure-rate and --timeout-rate are more than all runs together; a run ends in one way";
    throw new CourierError("USAGE", message);
  }
  return {
    assumptions: { ...rates, latency: parsed.latency },
    asGiven: { ...rates, latency: text.trim() },
  };
}

function readRate(flags: Flags, name: string, flag: string): number {
  const text = flags.text(name);
  if (text === undefined) return 0;
  const [, number, sign] = /^\s*(\d{0,9}\.?\d{1,9})\s*(%)?\s*$/.exec(text) ?? [];
  const rate = Number(number) / (sign === undefined ? 1 : 100);
  if (number !== undefined && rate >= 0 && rate <= 1) return rate;
  const message = `${flag} must be a rate from 0 to 1, or from 0% to 100%, not "${text}"`;
  throw new CourierError("USAGE", message);
}
