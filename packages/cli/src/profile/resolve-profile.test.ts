import { inspect } from "node:util";

import { Secret } from "@courier/client";
import { describe, expect, it } from "vitest";

import type { Profile } from "./profile.ts";
import { checkUrl, resolveConnection } from "./resolve-profile.ts";

function profileNamed(name: string, rest: Partial<Profile> = {}): Profile {
  return {
    name,
    url: `https://${name}.example`,
    token: new Secret(`token-${name}`),
    cafile: undefined,
    insecure: false,
    ...rest,
  };
}

function resolve(input: {
  readonly env?: Record<string, string>;
  readonly flag?: string;
  readonly profiles?: readonly Profile[];
  readonly defaultProfile?: string;
}): { url: string; token: string } {
  const { url, token } = resolveConnection({
    env: input.env ?? {},
    profileFlag: input.flag,
    credentials: { profiles: input.profiles ?? [], defaultProfile: input.defaultProfile },
  });
  return { url, token: token.reveal() };
}

const two = [profileNamed("a"), profileNamed("b")];

describe("resolveConnection", () => {
  it("takes the flag, then COURIER_PROFILE, then the default, then the only profile", () => {
    const env = { COURIER_PROFILE: "b" };

    expect(resolve({ profiles: two, flag: "a", env, defaultProfile: "b" }).token).toBe("token-a");
    expect(resolve({ profiles: two, env, defaultProfile: "a" }).token).toBe("token-b");
    expect(resolve({ profiles: two, defaultProfile: "a" }).token).toBe("token-a");
    expect(resolve({ profiles: two.slice(1) }).token).toBe("token-b");
  });

  it("needs no file when the environment says all", () => {
    const env = { COURIER_URL: "http://127.0.0.1:1/", COURIER_TOKEN: "t" };

    expect(resolve({ env, flag: "not-there" })).toEqual({ url: "http://127.0.0.1:1", token: "t" });
  });

  it("never sends a profile's token to another service", () => {
    const input = { profiles: two, flag: "a" };

    expect(resolve({ ...input, env: { COURIER_URL: "https://a.example/x" } }).token).toBe(
      "token-a",
    );
    expect(() => resolve({ ...input, env: { COURIER_URL: "https://evil.example" } })).toThrow(
      "set COURIER_TOKEN too",
    );
    expect(() => resolve({ ...input, env: { COURIER_URL: "http://a.example" } })).toThrow(
      "set COURIER_TOKEN too",
    );
  });

  it("says what is missing", () => {
    const withoutToken = profileNamed("k", { token: undefined });

    expect(() => resolve({})).toThrow("nothing says where the service is");
    expect(() => resolve({ profiles: two })).toThrow("there are: a, b");
    expect(() => resolve({ profiles: two, flag: "c" })).toThrow('no profile is named "c"');
    expect(() => resolve({ profiles: [withoutToken] })).toThrow(
      'profile "k" has neither a Token nor an AccessKey with its SecretKey',
    );
  });

  it.each(["ftp://x", "x", "", "http://u:p@x", "http://x?q", "http://x#f"])(
    "refuses the URL %j",
    (text) => {
      expect(() => checkUrl(text, "--url")).toThrow(/^--url: /);
    },
  );

  it("does not print tokens", () => {
    const connection = resolveConnection({
      env: { COURIER_URL: "http://x", COURIER_TOKEN: "canary" },
      profileFlag: undefined,
      credentials: { profiles: [], defaultProfile: undefined },
    });

    expect(
      `${JSON.stringify(connection)} ${inspect(connection)} ${String(connection.token)}`,
    ).not.toContain("canary");
  });
});
