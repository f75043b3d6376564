import { CourierError } from "@courier/core";

import type { CommandSpec } from "../command.ts";
import { credentialsPath, readCredentials } from "../profile/credentials-file.ts";

/** `get-default-profile` */
export const getDefaultProfile: CommandSpec = {
  options: [],
  run: async (context) => {
    const { defaultProfile } = await readCredentials(credentialsPath(context.world));
    if (defaultProfile === undefined) {
      throw new CourierError("PROFILE_INVALID", "no default profile is set");
    }
    await context.printItem({ item: { profileName: defaultProfile } }, [
      { header: "profile", value: (item) => item.profileName },
    ]);
    return 0;
  },
};
