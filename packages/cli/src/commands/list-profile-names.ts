import type { CommandSpec } from "../command.ts";
import { credentialsPath, readCredentials } from "../profile/credentials-file.ts";

/** `list-profile-names` */
export const listProfileNames: CommandSpec = {
  options: [],
  run: async (context) => {
    const { profiles, defaultProfile } = await readCredentials(credentialsPath(context.world));
    const items = profiles.map(({ name, url }) => ({
      name,
      url: url ?? "",
      default: name === defaultProfile,
    }));
    await context.printList({ items, totalItems: items.length }, [
      { header: "name", value: (item) => item.name },
      { header: "url", value: (item) => item.url },
      { header: "default", value: (item) => (item.default ? "yes" : "") },
    ]);
    return 0;
  },
};
