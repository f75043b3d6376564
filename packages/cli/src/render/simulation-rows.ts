import { counted, describeSimulation, percent, type Simulation } from "@courier/core";
import { formatDuration } from "../progress/progress-lines.ts";
import type { SimulatedBudget } from "../simulation/choose-target.ts";
import type { AssumptionsAsGiven } from "../simulation/read-assumptions.ts";
import type { Column } from "./table.ts";

/** What `simulate` prints. Durations are seconds, probabilities fractions of the rounds. */
export interface SimulationItem {
  readonly name: string;
  readonly seed: string;
  readonly rounds: number;
  readonly nodeCount: number;
  readonly nodesFrom: string;
  /** Nodes that are offline now, and in every round. */
  readonly offlineCount: number;
  /** Disruption budgets that some of the nodes fall under, and that hold it back; null: not considered. */
  readonly budgets: readonly SimulatedBudget[] | null;
  readonly assumptions: AssumptionsAsGiven;
  readonly probability: Simulation["probability"];
  readonly durationSeconds: {
    readonly p50: number;
    readonly p95: number;
    readonly max: number;
  } | null;
  readonly nodesTouched: Simulation["touched"];
  readonly runsFailed: Simulation["failed"];
  readonly groups: readonly (Omit<Simulation["groups"][number], "touched" | "sentences"> & {
    readonly nodesTouched: Simulation["groups"][number]["touched"];
    readonly meaning: readonly string[];
  })[];
  readonly summary: readonly string[];
}

/** A simulation with what it was told. */
export function simulationItem(
  simulation: Simulation,
  given: Pick<
    SimulationItem,
    "name" | "seed" | "nodesFrom" | "offlineCount" | "budgets" | "assumptions"
  >,
): SimulationItem {
  const { rounds, nodeCount, probability, durationMs } = simulation;
  return {
    ...given,
    ...{ rounds, nodeCount, probability },
    durationSeconds:
      durationMs === null
        ? null
        : {
            p50: durationMs.p50 / 1000,
            p95: durationMs.p95 / 1000,
            max: durationMs.max / 1000,
          },
    nodesTouched: simulation.touched,
    runsFailed: simulation.failed,
    groups: simulation.groups.map(({ touched, sentences, ...group }) => ({
      ...group,
      nodesTouched: touched,
      meaning: sentences,
    })),
    summary: describeSimulation(simulation),
  };
}

/** A simulation as rows. */
export function simulationRows(item: SimulationItem): readonly Column<SimulationItem>[] {
  const { probability, durationSeconds, nodesTouched, runsFailed, assumptions } = item;
  return [
    row("job", item.name),
    row("nodes", describeNodes(item)),
    ...rows("budgets", describeBudgets(item.budgets)),
    row("assumed", describeAssumptions(assumptions)),
    row("played", `${counted(item.rounds, "round")}, seed ${item.seed}`),
    row("success", percent(probability.success)),
    row("failure", percent(probability.failure)),
    row("never ends", probability.stalled === 0 ? "" : percent(probability.stalled)),
    row("duration", durationSeconds === null ? "" : describeDuration(durationSeconds)),
    row(
      "nodes touched",
      `p50 ${nodesTouched.p50}, p95 ${nodesTouched.p95}, most ${nodesTouched.max}; when every run fails ${nodesTouched.whenEveryRunFails}, worst case ${nodesTouched.worstCase}`,
    ),
    row(
      "runs failed",
      `p50 ${runsFailed.p50}, p95 ${runsFailed.p95}, most ${runsFailed.max}; worst case ${runsFailed.worstCase}`,
    ),
    ...item.groups.flatMap(groupRows),
    ...rows("summary", item.summary),
  ];
}

const nodeSources: Readonly<Record<string, string>> = {
  "--nodes": "as --nodes says",
  template: "named in the template",
  service: "as the service resolves the targets now",
};

function describeNodes({ nodeCount, nodesFrom, offlineCount }: SimulationItem): string {
  const offline = offlineCount === 0 ? "" : `, ${offlineCount} offline now and in every round`;
  return `${nodeCount} (${nodeSources[nodesFrom] ?? nodesFrom}${offline})`;
}

function describeBudgets(budgets: SimulationItem["budgets"]): readonly string[] {
  if (budgets === null) {
    return ["not considered: the service knows them, and it was not asked (--resolve asks it)"];
  }
  if (budgets.length === 0) return ["none of the nodes is in one"];
  return budgets.map(
    ({ name, maxCount, nodeCount, plannedNodeCount }) =>
      `${name}: at most ${maxCount} of ${counted(nodeCount, "node")} at once, ${plannedNodeCount} of these are in it; other jobs leave it free`,
  );
}

function describeAssumptions(given: AssumptionsAsGiven): string {
  const { failureRate, timeoutRate, unreachableRate, latency } = given;
  return `${percent(failureRate)} fail, ${percent(timeoutRate)} time out, ${percent(unreachableRate)} unreachable, latency ${latency}`;
}

function describeDuration(seconds: NonNullable<SimulationItem["durationSeconds"]>): string {
  const [p50, p95, max] = [seconds.p50, seconds.p95, seconds.max].map((one) =>
    formatDuration(one * 1000),
  );
  return `p50 ${p50}, p95 ${p95}, longest ${max}`;
}

function groupRows(group: SimulationItem["groups"][number]): readonly Column<SimulationItem>[] {
  const { groupNumber, nodeCount, probability, failuresToHalt } = group;
  const halts = Object.entries(group.haltedBy).map(
    ([cause, fraction]) => `, halted by ${cause} ${percent(fraction)}`,
  );
  const head = `${counted(nodeCount, "node")}${describeHalt(failuresToHalt)}: success ${percent(probability.success)}${halts.join("")}`;
  return rows(`group ${groupNumber}`, [head, ...group.meaning]);
}

function describeHalt(failuresToHalt: number | null): string {
  if (failuresToHalt === null) return ", no failure halts it";
  return failuresToHalt === 0 ? ", starts nothing" : `, failure ${failuresToHalt} halts it`;
}

/** The first line carries the header. */
function rows(header: string, lines: readonly string[]): readonly Column<SimulationItem>[] {
  return lines.map((line, index) => row(index === 0 ? header : "", line));
}

function row(header: string, text: string): Column<SimulationItem> {
  return { header, value: () => text };
}
