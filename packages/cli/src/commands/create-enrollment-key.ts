import type { CommandSpec } from "../command.ts";

/** `enrollment create-key` */
export const createKey: CommandSpec = {
  options: [
    { flag: "--expires-in-seconds <N>", summary: "how long nodes may enrol with it" },
    { flag: "--uses <N>", summary: "how many nodes may enrol with it; default 1000" },
    { flag: "--cohortId <ID>", summary: "id or name of a cohort that its nodes are put into" },
  ],
  notes:
    "The key is shown this once. Use it with: courier-runner start --enrollment-key KEY.\n" +
    "Nodes of a cohort with approvalNeeded wait for management node approve-node.",
  run: async (context, flags) => {
    const expiresInSeconds = flags.integer("expiresInSeconds", { min: 1 });
    const uses = flags.integer("uses", { min: 1 });
    const cohortId = flags.text("cohortId");
    const client = await context.client();
    const answer = await client.createEnrollmentKey(
      {
        ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
        ...(uses === undefined ? {} : { uses }),
        ...(cohortId === undefined ? {} : { cohortId }),
      },
      context.world,
    );
    await context.printItem(answer, [
      { header: "key", value: ({ key }) => key },
      { header: "expires", value: ({ expiresAt }) => expiresAt },
    ]);
    return 0;
  },
};
