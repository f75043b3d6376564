import type { CommandSpec } from "../command.ts";
import { checkJunitPath } from "../junit.ts";
import { awaitInstance } from "../progress/await-instance.ts";
import { printEvents, reportWait } from "../progress/finish-wait.ts";
import { instanceRows } from "../render/columns.ts";

/** `state instance watch` */
export const watchInstance: CommandSpec = {
  options: [
    { flag: "--instanceId <ID>", summary: "the instance", isRequired: true },
    { flag: "--timeout <SECONDS>", summary: "how long to watch at most" },
    { flag: "--junit <FILE>", summary: "write a JUnit XML report of the runs at the end" },
    {
      flag: "--output-events <FORMAT>",
      summary: "print every transition as one line of JSON instead of the instance",
      choices: ["jsonl"],
    },
  ],
  notes:
    "Shows progress on a terminal and prints the instance when it has ended.\n" +
    "Exit codes: 0 success, 1 any other outcome, 7 the time is over, 130 Ctrl-C.",
  run: async (context, flags) => {
    const instanceId = flags.need("instanceId");
    const seconds = flags.integer("timeout", { min: 1, max: 2_000_000 });
    const hasEvents = flags.text("outputEvents") !== undefined;
    const junit = flags.text("junit");
    if (junit !== undefined) checkJunitPath(junit);
    const client = await context.client();
    const awaited = await awaitInstance({
      context,
      client,
      findInstanceId: () => Promise.resolve(instanceId),
      timeoutMs: seconds === undefined ? undefined : seconds * 1000,
      cancelOnTimeout: false,
      isPatient: false,
      ...(hasEvents ? { onEvents: (events) => printEvents(context, events) } : {}),
    });
    return await reportWait(context, awaited, {
      ...{ client, junit },
      print: async (instance) => {
        if (instance === undefined || hasEvents) return;
        await context.printItem({ item: instance }, instanceRows);
      },
    });
  },
};
