// Job templates of the benchmarks.

let jobCount = 0;

/** A job of one shell step; `groups` are lists of node names, each dispatched as one batch unless told otherwise. */
export function shellJob({ groups, command = "true", executionType = "sequential", batch }) {
  jobCount += 1;
  return {
    name: `bench-${process.pid}-${jobCount}`,
    scheduleRule: "immediate",
    target: {
      executionType,
      groups: groups.map((nodeIdentifiers) => ({
        nodeListType: "nodes",
        nodeIdentifiers,
        batchSize: { type: "number", value: batch?.size ?? nodeIdentifiers.length },
        distributionMethod: batch?.method ?? "batching",
        successCriteria: [{ status: "success", numRuns: { type: "percent", value: 100 } }],
        timeoutSeconds: 3600,
      })),
    },
    actions: {
      accessMode: "agent",
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter", skill: { minVersion: "1.0.0" } },
          command: { linux: [command], darwin: [command] },
        },
      ],
    },
  };
}
