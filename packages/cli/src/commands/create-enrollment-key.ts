import type { CommandSpec } from "../command.ts";

/** `enrollment create-key` */
export const createKey: CommandSpec = {
  options: [
    { flag: "--expires-in-seconds <N>", summary: "how long nodes may enrol with it" },
    { flag: "--uses <N>", summary: "how many nodes may enrol with it; default 1000" },
  ],
  notes: "The key is shown this once. Use it with: courier-runner start --enrollment-key KEY",
  run: async (context, flags) => {
    const expiresInSeconds = flags.integer("expiresInSeconds", { min: 1 });
    const uses = flags.integer("uses", { min: 1 });
    const client = await context.client();
    const answer = await client.createEnrollmentKey(
      {
        ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
        ...(uses === undefined ? {} : { uses }),
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
