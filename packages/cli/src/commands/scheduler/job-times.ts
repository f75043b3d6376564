import type { MissedOccurrence } from "@courier/schema";

import { pageOptions, type CommandSpec } from "../../command.ts";
import { jobColumns } from "../../render/columns.ts";
import { renderJson, renderYaml } from "../../render/format.ts";
import type { Column } from "../../render/table.ts";
import { readPageQuery } from "../../usage/page-query.ts";
import { writeFully } from "../../world.ts";
import { jobOption } from "./job-option.ts";

/** `scheduler jobs estimate-run-times` */
export const estimateRunTimes: CommandSpec = {
  options: [
    jobOption,
    { flag: "--count <N>", summary: "how many times are wanted, up to 1000 (default 10)" },
  ],
  notes:
    "Times that exceptions block on the way are listed too, and where a change of the clocks moves one.",
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const count = flags.integer("count", { min: 1, max: 1000 });
    const client = await context.client();
    const { signal } = context.world;
    const answer = await client.estimateRunTimes(jobId, { count, signal });
    if (context.format === "table") {
      const times = [
        ...answer.estimates.map((time) => ({ time, blocked: "" })),
        ...answer.blocked_by_exceptions.map(({ time, reason }) => ({ time, blocked: reason })),
      ].toSorted((one, other) => Date.parse(one.time) - Date.parse(other.time));
      await context.printList({ items: times, totalItems: times.length }, timeColumns);
      for (const note of answer.notes) await context.note(note);
      return 0;
    }
    const text = context.format === "yaml" ? await renderYaml(answer) : renderJson(answer);
    await writeFully(context.world.stdout, text);
    return 0;
  },
};

/** `scheduler jobs get-pastDueJobs` */
export const listPastDueJobs: CommandSpec = {
  options: [
    { flag: "--deadline <TIME>", summary: "jobs that were due by then, RFC 3339 (default now)" },
    ...pageOptions,
  ],
  notes:
    "Jobs that were due and have not started: the service was down or is behind, or something holds them back.",
  run: async (context, flags) => {
    const query = { ...readPageQuery(flags), deadline: flags.text("deadline") };
    const client = await context.client();
    await context.printList(await client.listPastDueJobs(query, context.world), jobColumns);
    return 0;
  },
};

/** `scheduler jobs list-missed` */
export const listMissedOccurrences: CommandSpec = {
  options: [jobOption, ...pageOptions],
  notes:
    "Occurrences that came and were not executed, because of misfirePolicy, overlapPolicy or an exception.",
  run: async (context, flags) => {
    const jobId = flags.need("jobId");
    const query = readPageQuery(flags);
    const client = await context.client();
    const answer = await client.listMissedOccurrences(jobId, query, context.world);
    await context.printList(answer, missedColumns);
    return 0;
  },
};

const timeColumns: readonly Column<{ readonly time: string; readonly blocked: string }>[] = [
  { header: "time", value: ({ time }) => time },
  { header: "blocked by", value: ({ blocked }) => blocked, isShrinkable: true },
];

const missedColumns: readonly Column<MissedOccurrence>[] = [
  { header: "first", value: ({ firstTime }) => firstTime },
  { header: "last", value: ({ lastTime }) => lastTime },
  { header: "count", value: ({ count }) => count, isNumber: true },
  { header: "cause", value: ({ cause }) => cause },
  { header: "reason", value: ({ reason }) => reason, isShrinkable: true },
];
