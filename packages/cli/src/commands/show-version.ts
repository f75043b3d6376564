import type { CommandSpec } from "../command.ts";
import { cliVersion } from "../version.ts";

/** `version` */
export const showVersion: CommandSpec = {
  options: [],
  run: async (context) => {
    const item = { name: "courier-cli", version: cliVersion, node: process.versions.node };
    await context.printItem({ item }, [
      { header: "name", value: ({ name }) => name },
      { header: "version", value: ({ version }) => version },
      { header: "node", value: ({ node }) => node },
    ]);
    return 0;
  },
};
