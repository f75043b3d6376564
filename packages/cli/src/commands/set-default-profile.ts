import type { CommandSpec } from "../command.ts";
import { credentialsPath, storeDefault } from "../profile/credentials-file.ts";

/** `set-default-profile` */
export const setDefaultProfile: CommandSpec = {
  options: [
    { flag: "--profile-name <NAME>", summary: "the profile", isRequired: true, isWord: true },
  ],
  notes: "courier-cli set-default-profile NAME, as the original has it, is the same.",
  run: async (context, flags) => {
    const profileName = flags.need("profileName");
    await storeDefault(credentialsPath(context.world), profileName);
    await context.printItem({ item: { profileName } }, [
      { header: "profile", value: (item) => item.profileName },
    ]);
    return 0;
  },
};
