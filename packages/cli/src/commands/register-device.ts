import { Secret, ServiceError, UnreachableError } from "@courier/client";
import { CourierError } from "@courier/core";

import type { CommandSpec } from "../command.ts";
import { createClientFor } from "../connect.ts";
import type { CommandContext } from "../context.ts";
import { registerCheckTimeoutMs } from "../limits.ts";
import { credentialsPath, storeProfile, type NewProfile } from "../profile/credentials-file.ts";
import { checkUrl } from "../profile/resolve-profile.ts";
import type { Flags } from "../usage/flags.ts";

/** `register-device` */
export const registerDevice: CommandSpec = {
  hasShortFlags: true,
  options: [
    { flag: "--url <URL>", summary: "URL of the service", isRequired: true },
    {
      flag: "--token <TOKEN>",
      summary: 'API token; "-" reads it from standard input',
      isRequired: true,
    },
    { flag: "--profile-name <NAME>", summary: 'name of the profile; default "default"' },
    { flag: "--cafile <FILE>", summary: "PEM file of the authority of the service's certificate" },
    { flag: "-i, --insecure", summary: "accept any TLS certificate" },
    { flag: "--device-name <NAME>", summary: "what this machine is called; kept in the profile" },
    { flag: "--overwrite", summary: "say nothing when the profile was there before" },
    { flag: "--no-check", summary: "store the profile without asking the service about the token" },
  ],
  notes:
    "Stores the profile in ~/.courier/credentials (COURIER_HOME/credentials when that is set), readable by you only.\n" +
    "The first profile becomes the default one.",
  run: async (context, flags) => {
    const profile = await readProfile(context, flags);
    warnAboutPlainHttp(context, profile.url);
    if (flags.isOn("check")) await checkToken(context, profile);
    const isReplaced = await storeProfile(credentialsPath(context.world), profile);
    if (isReplaced && !flags.isOn("overwrite")) {
      await context.note(`replaced the profile "${profile.name}" that was there before`);
    }
    await context.printItem({ item: { profileName: profile.name, url: profile.url } }, [
      { header: "profile", value: (item) => item.profileName },
      { header: "url", value: (item) => item.url },
    ]);
    return 0;
  },
};

async function readProfile(context: CommandContext, flags: Flags): Promise<NewProfile> {
  const given = flags.need("token");
  const token = (given === "-" ? await readToken(context) : given).trim();
  // It goes into an HTTP header: anything else would fail later, with a message that makes less sense.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CourierError("USAGE", "--token is not an API token");
  return {
    name: flags.text("profileName") ?? flags.text("profile") ?? "default",
    url: checkUrl(flags.need("url"), "--url"),
    token: new Secret(token),
    cafile: flags.text("cafile"),
    insecure: flags.isOn("insecure"),
    deviceName: flags.text("deviceName"),
  };
}

async function readToken({ world }: CommandContext): Promise<string> {
  let text = "";
  for await (const part of world.stdin) {
    text += String(part);
    if (text.length > 10_000) throw new CourierError("USAGE", "standard input is not an API token");
  }
  return text;
}

/** Any answer but 401 proves that the service knows the token; a role that may not list jobs is fine. */
async function checkToken(context: CommandContext, profile: NewProfile): Promise<void> {
  const client = await createClientFor({
    url: profile.url,
    token: profile.token,
    cafile: profile.cafile,
    insecure: profile.insecure,
    trace: context.trace,
    timeoutMs: registerCheckTimeoutMs,
  });
  try {
    await client.listJobs({ size: 1 }, context.world);
  } catch (error) {
    if (error instanceof ServiceError && error.code === "FORBIDDEN") return;
    if (error instanceof UnreachableError) {
      await context.note("nothing was stored; to store the profile all the same, add --no-check");
    }
    throw error;
  }
}

function warnAboutPlainHttp(context: CommandContext, text: string): void {
  const url = new URL(text);
  const isLocal = ["localhost", "[::1]"].includes(url.hostname) || url.hostname.startsWith("127.");
  if (url.protocol === "https:" || isLocal) return;
  context.world.stderr.write("warning: the token will travel unencrypted; use https://\n");
}
