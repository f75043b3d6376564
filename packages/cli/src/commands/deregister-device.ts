import { CourierError } from "@courier/core";

import type { CommandSpec } from "../command.ts";
import { credentialsPath, removeProfile } from "../profile/credentials-file.ts";

/** `deregister-device` */
export const deregisterDevice: CommandSpec = {
  hasShortFlags: true,
  options: [{ flag: "--force", summary: "succeed also when there is no such profile" }],
  notes:
    'Removes the profile that --profile names (default "default") from this machine. Its token stays valid until an\n' +
    "administrator revokes it.",
  run: async (context, flags) => {
    const name = flags.text("profile") ?? "default";
    const isRemoved = await removeProfile(credentialsPath(context.world), name);
    if (!isRemoved && !flags.isOn("force")) {
      throw new CourierError("PROFILE_INVALID", `no profile is named "${name}"`);
    }
    await context.printItem({ item: { profileName: name, removed: isRemoved } }, [
      { header: "profile", value: (item) => item.profileName },
      { header: "removed", value: (item) => String(item.removed) },
    ]);
    return 0;
  },
};
