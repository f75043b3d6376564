import { Secret } from "@courier/client";
import { CourierError } from "@courier/core";

import { unknownProfile } from "./credentials-file.ts";
import type { Credentials, Profile } from "./profile.ts";

/** Where to connect, with what. */
export interface Connection {
  readonly url: string;
  readonly token: Secret;
  readonly cafile: string | undefined;
  readonly insecure: boolean;
  /** What of it came from the environment instead of the file, for the person who wonders. */
  readonly fromEnvironment: readonly string[];
}

/**
 * COURIER_URL and COURIER_TOKEN win over the file; the profile is `--profile`, else COURIER_PROFILE, else the default, else
 * the only one. A token is never sent to a service that it does not belong to.
 */
export function resolveConnection(input: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profileFlag: string | undefined;
  readonly credentials: Credentials;
}): Connection {
  const url = fromEnv(input.env, "COURIER_URL");
  const token = fromEnv(input.env, "COURIER_TOKEN");
  const profile = url !== undefined && token !== undefined ? undefined : findProfile(input);
  const fromEnvironment = [
    ...(url === undefined ? [] : ["COURIER_URL"]),
    ...(token === undefined ? [] : ["COURIER_TOKEN"]),
  ];
  return {
    url: checkUrl(url ?? urlOf(profile), url === undefined ? "profile" : "COURIER_URL"),
    token: token === undefined ? tokenOf(profile, url) : new Secret(token),
    cafile: profile?.cafile,
    insecure: profile?.insecure ?? false,
    fromEnvironment,
  };
}

/** Refuses what is no http(s) URL, before anything is sent to it or stored. */
export function checkUrl(text: string, source: string): string {
  const url = parseUrl(text);
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new CourierError(
      "PROFILE_INVALID",
      `${source}: "${text}" is not an http:// or https:// URL`,
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    const message = `${source}: the URL must not contain a user, a password, a query or a fragment`;
    throw new CourierError("PROFILE_INVALID", message);
  }
  return url.href.replace(/\/+$/, "");
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function findProfile(input: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profileFlag: string | undefined;
  readonly credentials: Credentials;
}): Profile {
  const { profiles, defaultProfile } = input.credentials;
  const named = input.profileFlag ?? fromEnv(input.env, "COURIER_PROFILE") ?? defaultProfile;
  const names = profiles.map(({ name }) => name);
  if (named !== undefined) {
    const found = profiles.find(({ name }) => name === named);
    if (found === undefined) throw unknownProfile(named, names);
    return found;
  }
  const [only, second] = profiles;
  if (only !== undefined && second === undefined) return only;
  const message =
    only === undefined
      ? "no profile and no COURIER_URL with COURIER_TOKEN: nothing says where the service is"
      : `no default profile is set and none was named; there are: ${names.join(", ")}`;
  throw new CourierError("PROFILE_INVALID", message);
}

function urlOf(profile: Profile | undefined): string {
  if (profile?.url !== undefined) return profile.url;
  throw new CourierError("PROFILE_INVALID", `profile "${profile?.name ?? ""}" has no Url`);
}

function tokenOf(profile: Profile | undefined, urlFromEnv: string | undefined): Secret {
  if (profile?.token === undefined) throw noToken(profile);
  if (urlFromEnv !== undefined && !isSameOrigin(urlFromEnv, profile.url)) {
    const message = `COURIER_URL names another service than profile "${profile.name}"; set COURIER_TOKEN too`;
    throw new CourierError("PROFILE_INVALID", message);
  }
  return profile.token;
}

function noToken(profile: Profile | undefined): CourierError {
  const message = `profile "${profile?.name ?? ""}" has neither a Token nor an AccessKey with its SecretKey`;
  return new CourierError("PROFILE_INVALID", message);
}

function isSameOrigin(left: string, right: string | undefined): boolean {
  if (right === undefined) return false;
  return parseUrl(left)?.origin === parseUrl(right)?.origin && parseUrl(left) !== undefined;
}

function fromEnv(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}
