import type { CommandSpec } from "../../command.ts";
import { jobRows } from "../../render/columns.ts";
import { jobOption } from "./job-option.ts";

/** `scheduler jobs activate` */
export const activateJob: CommandSpec = moveCommand(
  "activateJob",
  "It runs at its occurrences from now on; what came while it was inactive is not made up.",
);

/** `scheduler jobs deactivate` */
export const deactivateJob: CommandSpec = moveCommand(
  "deactivateJob",
  "Its schedule starts nothing more until it is activated. Instances under way go on.",
);

/** `scheduler jobs cancel-job` */
export const cancelJob: CommandSpec = {
  options: [
    jobOption,
    { flag: "--instances", summary: "also cancel the instances that have not ended" },
  ],
  notes:
    "Its schedule starts nothing more, for ever. Without --instances what is under way goes on.",
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const withInstances = flags.isOn("instances");
    const client = await context.client();
    const { signal } = context.world;
    const answer = await client.cancelJob(jobId, { withInstances, signal });
    await context.printItem<typeof answer.item>(answer, [
      { header: "id", value: ({ id }) => id },
      { header: "status", value: ({ status }) => status, isStatus: true },
      { header: "canceled", value: (item) => item.canceledInstanceIds.join(", ") },
      { header: "go on", value: (item) => item.openInstanceIds.join(", ") },
    ]);
    const count = answer.item.openInstanceIds.length;
    if (count > 0) {
      await context.note(
        `${counted(count)} under way: stop with "courier-cli scheduler jobs cancel-job --jobId ${jobId} --instances"`,
      );
    }
    return 0;
  },
};

/** `scheduler jobs delete-job` */
export const deleteJob: CommandSpec = {
  options: [jobOption],
  notes:
    "Its name is free at once. Its instances stay to be looked at; those under way go on with the template that they started with.",
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const client = await context.client();
    const answer = await client.deleteJob(jobId, context.world);
    await context.printItem<typeof answer.item>(answer, [
      { header: "id", value: ({ id }) => id },
      { header: "go on", value: (item) => item.openInstanceIds.join(", ") },
    ]);
    for (const id of answer.item.openInstanceIds) {
      await context.note(
        `instance ${id} goes on: stop it with "courier-cli state instance cancel --instanceId ${id}"`,
      );
    }
    return 0;
  },
};

function moveCommand(method: "activateJob" | "deactivateJob", notes: string): CommandSpec {
  return {
    options: [jobOption],
    notes,
    run: async (context, flags) => {
      const jobId = flags.need("jobId");
      const client = await context.client();
      await context.printItem(await client[method](jobId, context.world), jobRows);
      return 0;
    },
  };
}

function counted(count: number): string {
  return count === 1 ? "1 instance is" : `${count} instances are`;
}
