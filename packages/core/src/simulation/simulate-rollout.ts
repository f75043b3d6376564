import type { HaltCause } from "../rollout/decide-group.ts";
import { describeThresholds } from "../rollout/group-thresholds.ts";
import { isGroupFinal } from "../state/group-state.ts";
import type { Latency } from "./latency.ts";
import { randomFrom } from "./random.ts";
import {
  simulateRound,
  type GroupRound,
  type Round,
  type RoundWeather,
  type SimulatedTarget,
} from "./simulate-round.ts";
import { distributionOf, type Distribution } from "./distribution.ts";
import { simulateBrokenChange, worstCaseOf } from "./worst-case.ts";

/** What is assumed of nodes and runs. Rates are of runs, retries included, from 0 to 1. */
export interface Assumptions {
  readonly failureRate: number;
  /** Runs that do not end before their time limit. */
  readonly timeoutRate: number;
  /** Nodes that are offline during the whole rollout. */
  readonly unreachableRate: number;
  readonly latency: Latency;
  /** After how long a step's own limit ends a run that hangs (ms); null: only the group's limit does. */
  readonly stepLimitMs: number | null;
  /** Positions, by group, of nodes that are offline in every round. */
  readonly offline: readonly ReadonlySet<number>[];
}

/** As many rounds as take seconds: hundreds for hundreds of nodes, 20 for 100,000. */
export function roundsFor(nodeCount: number): number {
  return Math.min(1000, Math.max(20, Math.floor(2_000_000 / Math.max(1, nodeCount))));
}

/** What to simulate, and how often. */
export interface SimulationOrder {
  readonly target: SimulatedTarget;
  readonly assumptions: Assumptions;
  readonly rounds: number;
  /** The same seed gives the same result. */
  readonly seed: string;
}

/** What came of all rounds. */
export interface Simulation {
  readonly rounds: number;
  readonly nodeCount: number;
  /** Fractions of the rounds; `stalled` waits for ever. */
  readonly probability: {
    readonly success: number;
    readonly failure: number;
    readonly stalled: number;
  };
  /** Of the rounds that ended, ms; null when none did. */
  readonly durationMs: Distribution | null;
  readonly touched: Distribution & {
    readonly worstCase: number;
    readonly whenEveryRunFails: number;
  };
  readonly failed: Distribution & { readonly worstCase: number };
  readonly groups: readonly GroupSimulation[];
}

/** What came of one group. */
export interface GroupSimulation {
  readonly groupNumber: number;
  readonly nodeCount: number;
  /** Fractions of the rounds. */
  readonly probability: {
    readonly success: number;
    readonly failure: number;
    readonly skipped: number;
    readonly stalled: number;
  };
  /** Fractions of the rounds in which it stopped before all its runs had started, by what stopped it. */
  readonly haltedBy: Readonly<Partial<Record<HaltCause, number>>>;
  readonly failuresToLose: number | null;
  readonly failuresToHalt: number | null;
  readonly touched: Distribution;
  readonly sentences: readonly string[];
}

/** Rolls out many times on a virtual clock, round by round, so that a caller may do something else in between. */
export function* playRounds(order: SimulationOrder): Generator<Round> {
  const random = randomFrom(order.seed);
  for (let played = 0; played < order.rounds; played += 1) {
    yield simulateRound(order.target, weatherOf(order, random));
  }
}

/** What came of the rounds of an order; the same order gives the same. */
export function summariseRounds({ target }: SimulationOrder, played: readonly Round[]): Simulation {
  const ended = played.filter(({ verdict }) => verdict !== "stalled");
  const worst = worstCaseOf(target);
  return {
    rounds: played.length,
    nodeCount: target.groups.reduce((sum, { nodeCount }) => sum + nodeCount, 0),
    probability: {
      success: fractionOf(played, ({ verdict }) => verdict === "success"),
      failure: fractionOf(played, ({ verdict }) => verdict === "failure"),
      stalled: fractionOf(played, ({ verdict }) => verdict === "stalled"),
    },
    durationMs: ended.length === 0 ? null : distributionOf(ended.map((round) => round.durationMs)),
    touched: {
      ...distributionOf(played.map(({ touchedCount }) => touchedCount)),
      worstCase: worst.touchedCount,
      whenEveryRunFails: simulateBrokenChange(target).touchedCount,
    },
    failed: {
      ...distributionOf(played.map(({ failedCount }) => failedCount)),
      worstCase: worst.failedCount,
    },
    groups: target.groups.map((_, groupNumber) => summariseGroup(target, played, groupNumber)),
  };
}

/** Whether a node is there is decided for a whole round: the quorum asks before any run starts. */
function weatherOf({ target, assumptions }: SimulationOrder, random: () => number): RoundWeather {
  const { failureRate, timeoutRate, unreachableRate, latency, stepLimitMs, offline } = assumptions;
  const absent = target.groups.map(({ nodeCount }) =>
    unreachableRate === 0
      ? null
      : Uint8Array.from({ length: nodeCount }, () => (random() < unreachableRate ? 1 : 0)),
  );
  return {
    isOffline: (groupNumber, position) =>
      absent[groupNumber]?.[position] === 1 || offline[groupNumber]?.has(position) === true,
    fateOf: () => {
      const luck = random();
      if (luck < timeoutRate) return { outcome: "timeout", afterMs: stepLimitMs };
      const outcome = luck < timeoutRate + failureRate ? "failure" : "success";
      return { outcome, afterMs: latency.at(Math.min(1 - 1e-9, Math.max(1e-9, random()))) };
    },
  };
}

function summariseGroup(
  target: SimulatedTarget,
  played: readonly Round[],
  groupNumber: number,
): GroupSimulation {
  const { rules, nodeCount } = target.groups[groupNumber] ?? noGroup(groupNumber);
  const rounds = played.map(({ groups }) => groups[groupNumber] ?? noGroup(groupNumber));
  const { sentences, failuresToLose, failuresToHalt } = describeThresholds(rules, nodeCount);
  return {
    ...{ groupNumber, nodeCount, failuresToLose, failuresToHalt, sentences },
    probability: {
      success: fractionOf(rounds, ({ status }) => status === "success"),
      failure: fractionOf(rounds, ({ status }) => status === "failure"),
      skipped: fractionOf(rounds, ({ status }) => status === "skipped"),
      stalled: fractionOf(rounds, ({ status }) => !isGroupFinal(status)),
    },
    haltedBy: haltsIn(rounds),
    touched: distributionOf(rounds.map(({ touchedCount }) => touchedCount)),
  };
}

function haltsIn(rounds: readonly GroupRound[]): GroupSimulation["haltedBy"] {
  const causes = new Set(rounds.flatMap(({ haltedBy }) => haltedBy ?? []));
  return Object.fromEntries(
    [...causes].map((cause) => [cause, fractionOf(rounds, ({ haltedBy }) => haltedBy === cause)]),
  );
}

function noGroup(groupNumber: number): never {
  throw new Error(`there is no group ${groupNumber}`);
}

function fractionOf<Item>(items: readonly Item[], is: (item: Item) => boolean): number {
  return items.length === 0 ? 0 : items.filter(is).length / items.length;
}
