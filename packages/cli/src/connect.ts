import { readFile } from "node:fs/promises";

import { createClient, type CourierClient, type Secret } from "@courier/client";
import { CourierError } from "@courier/core";

import {
  credentialsPath,
  findOpenPermissions,
  readCredentials,
} from "./profile/credentials-file.ts";
import { resolveConnection } from "./profile/resolve-profile.ts";
import { cliVersion } from "./version.ts";
import type { World } from "./world.ts";

/** Creates a client from connection facts that are not stored (yet); also used to check a token before it is stored. */
export async function createClientFor(connection: {
  readonly url: string;
  readonly token: Secret;
  readonly cafile: string | undefined;
  readonly insecure: boolean;
  readonly trace: (line: string) => void;
  readonly timeoutMs?: number;
}): Promise<CourierClient> {
  const caPem = await readCertificates(connection.cafile);
  return createClient({ ...connection, caPem, userAgent: `courier-cli/${cliVersion}` });
}

/** What a connection is made from. */
export interface ConnectOptions {
  readonly world: World;
  readonly profile: string | undefined;
  readonly note: (line: string) => Promise<void>;
  readonly trace: (line: string) => void;
}

/** Creates the client for the profile that flag, environment and file agree on. */
export async function connect(options: ConnectOptions): Promise<CourierClient> {
  const { world } = options;
  const path = credentialsPath(world);
  const credentials = await readCredentials(path);
  const warning = await findOpenPermissions(path);
  if (warning !== undefined) await options.note(`warning: ${warning}`);
  const connection = resolveConnection({
    env: world.env,
    profileFlag: options.profile,
    credentials,
  });
  if (connection.fromEnvironment.length > 0) {
    const line = `${connection.fromEnvironment.join(" and ")} of the environment is used, not the profile`;
    // Whoever typed a profile must not wonder which service answered; scripts are left alone.
    const isSurprising = options.profile !== undefined && world.stderr.isTTY === true;
    if (isSurprising) await options.note(`note: ${line}`);
    else options.trace(line);
  }
  if (connection.insecure)
    await options.note("warning: Insecure is set, TLS certificates are not checked");
  return createClientFor({ ...connection, trace: options.trace });
}

async function readCertificates(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CourierError("PROFILE_INVALID", `cannot read the Cafile: ${text}`, { cause });
  }
}
