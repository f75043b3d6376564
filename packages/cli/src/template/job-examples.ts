import type { ExampleBody } from "../command.ts";

const shell = { name: "chef-platform/shell-interpreter" };
const allSucceed = [{ status: "success", numRuns: { type: "percent", value: 100 } }];

/** Job templates to start from. */
export const jobExamples: readonly ExampleBody[] = [
  {
    title: "one command on two nodes, now, one node after the other",
    body: {
      name: "uptime",
      scheduleRule: "immediate",
      target: {
        executionType: "sequential",
        groups: [
          {
            nodeListType: "nodes",
            nodeIdentifiers: ["web-1", "web-2"],
            batchSize: { type: "number", value: 1 },
            distributionMethod: "rolling",
            successCriteria: allSucceed,
            timeoutSeconds: 300,
          },
        ],
      },
      actions: {
        accessMode: "agent",
        steps: [
          {
            name: "uptime",
            interpreter: shell,
            command: { linux: ["uptime"], darwin: ["uptime"] },
          },
        ],
      },
    },
  },
  {
    title: "every Monday at 3 in Berlin, on all nodes with a tag, a tenth of them at a time",
    body: {
      name: "weekly clean-up",
      scheduleRule: "RRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=3;BYMINUTE=0;BYSECOND=0",
      timeZone: "Europe/Berlin",
      target: {
        executionType: "sequential",
        groups: [
          {
            nodeListType: "filter",
            filter: {
              constraints: {
                attributes: [{ name: "role", namespace: ["tags"], operator: "=", value: ["web"] }],
              },
            },
            batchSize: { type: "percent", value: 10 },
            distributionMethod: "batching",
            earlyTermination: true,
            successCriteria: [{ status: "success", numRuns: { type: "percent", value: 95 } }],
            timeoutSeconds: 3600,
          },
        ],
      },
      actions: {
        accessMode: "agent",
        steps: [
          {
            name: "empty the cache",
            interpreter: shell,
            command: { linux: ["apt-get clean"] },
            retryCount: 2,
            failureBehavior: {
              action: "retryThenFail",
              retryBackoffStrategy: { type: "exponential", delaySeconds: 5 },
            },
            limits: { timeoutSeconds: 120 },
          },
        ],
      },
    },
  },
];
