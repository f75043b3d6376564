import type { Simulation } from "./simulate-rollout.ts";

/** What a person should take away from a simulation, one sentence each. */
export function describeSimulation(simulation: Simulation): readonly string[] {
  const { nodeCount, touched, failed, probability } = simulation;
  if (nodeCount === 0) return ["there are no nodes to roll out to"];
  return [
    touched.whenEveryRunFails < nodeCount
      ? `a change that breaks every node reaches ${touched.whenEveryRunFails} of ${nodeCount} nodes before the rollout halts`
      : `a change that breaks every node reaches all ${nodeCount} nodes: nothing halts the rollout before`,
    failed.worstCase < nodeCount
      ? `at most ${failed.worstCase} of ${nodeCount} runs fail, whatever happens`
      : `in the worst case all ${nodeCount} runs fail`,
    ...simulation.groups.flatMap(({ groupNumber, haltedBy }) =>
      haltedBy.timeout === undefined
        ? []
        : [
            `group ${groupNumber} runs out of time before all its nodes have started in ${percent(haltedBy.timeout)} of the rounds (timeoutSeconds)`,
          ],
    ),
    ...(probability.stalled > 0 ? [stalls(probability.stalled)] : []),
  ];
}

function stalls(fraction: number): string {
  return `in ${percent(fraction)} of the rounds the rollout waits for ever for a node that is offline or hangs: give groups and steps a timeoutSeconds, or groups another offlinePolicy`;
}

/** `5 %`, `0.4 %`, `100 %`. */
export function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))} %`;
}
