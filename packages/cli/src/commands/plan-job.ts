import type { CommandSpec } from "../command.ts";
import { planRows } from "../render/plan-rows.ts";
import { templateOptions, readBody } from "../template/read-body.ts";

/** `scheduler jobs plan` */
export const planJob: CommandSpec = {
  options: [
    ...templateOptions,
    { flag: "--count <N>", summary: "occurrences of the schedule to show, 1 to 100 (default 5)" },
  ],
  notes:
    "Which node runs in which group and batch, when, and what the thresholds mean in numbers. Nothing is stored.\n" +
    "JSON and YAML name every node; the table names the first few of each batch. `add-job --plan HASH` refuses what has drifted since.",
  run: async (context, flags) => {
    const count = flags.integer("count", { min: 1, max: 100 });
    const body = await readBody(flags, context.world.stdin);
    // Loaded late: the validator is the heaviest module of the CLI.
    const { checkTemplate } = await import("../template/check-template.ts");
    await checkTemplate(body, context.world.now());
    const client = await context.client();
    const { locateProblems } = await import("../template/locate-problems.ts");
    const plan = await locateProblems(body, () =>
      client.planJob(body, { count, signal: context.world.signal }),
    );
    await context.printItem(plan, planRows(plan.item, body.file));
    return 0;
  },
};
