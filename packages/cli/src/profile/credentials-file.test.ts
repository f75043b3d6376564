import { chmod, mkdtemp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Secret } from "@courier/client";
import { describe, expect, it, onTestFinished } from "vitest";

import {
  credentialsPath,
  findOpenPermissions,
  readCredentials,
  storeDefault,
  storeProfile,
} from "./credentials-file.ts";

async function setup(text?: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "courier-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, "home", "credentials");
  if (text === undefined) return path;
  await mkdir(join(directory, "home"), { mode: 0o700 });
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

const profile = {
  name: "prod",
  url: "https://courier.example",
  token: new Secret("cou_secret"),
  insecure: false,
};

describe("credentials file", () => {
  it("is below COURIER_HOME, else below the home directory", () => {
    expect(credentialsPath({ env: { COURIER_HOME: "/c" }, homeDirectory: "/h" })).toBe(
      "/c/credentials",
    );
    expect(credentialsPath({ env: {}, homeDirectory: "/h" })).toBe("/h/.courier/credentials");
  });

  it("holds nothing when it is not there", async () => {
    expect(await readCredentials(await setup())).toEqual({
      defaultProfile: undefined,
      profiles: [],
    });
  });

  it("is created for its owner only, without leftovers, and makes the first profile the default", async () => {
    const path = await setup();

    await storeProfile(path, profile);
    await storeProfile(path, { ...profile, name: "staging" });

    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(path, ".."))).toEqual(["credentials"]);
    const stored = await readCredentials(path);
    expect(stored.defaultProfile).toBe("prod");
    expect(stored.profiles.map(({ name }) => name)).toEqual(["prod", "staging"]);
    expect(stored.profiles[0]?.token?.reveal()).toBe("cou_secret");
  });

  it.each([
    ['AccessKey = "cou_1"\nSecretKey = "2"', "cou_1_2"],
    ['AccessKey = "cou_1"\nSecretKey = "2"\nToken = "cou_3_4"', "cou_3_4"],
    ['AccessKey = "cou_1"', undefined],
    ['SecretKey = "2"\nAccessKey = ""', undefined],
  ])("takes from %j the token %s", async (keys, token) => {
    const path = await setup(`[prod]\nUrl = "http://x"\n${keys}\n`);

    const { profiles } = await readCredentials(path);

    expect(profiles[0]?.token?.reveal()).toBe(token);
  });

  it("keeps keys and tables that it does not know", async () => {
    const path = await setup(
      'Future = 1\n[prod]\nUrl = "http://old"\nAccessKey = "a"\nOrgName = "org"\n[other]\nX = "y"\n',
    );

    await storeProfile(path, profile);

    const text = await readFile(path, "utf8");
    expect(text).toContain("Future = 1");
    expect(text).toContain('OrgName = "org"');
    expect(text).toContain('[other]\nX = "y"');
    expect(text).not.toContain("AccessKey");
    expect(text).not.toContain("http://old");
  });

  it("refuses a default that does not exist and names those that do", async () => {
    const path = await setup();
    await storeProfile(path, profile);

    await expect(storeDefault(path, "prd")).rejects.toThrow(
      'no profile is named "prd"; there are: prod',
    );
  });

  it.each(["", "a b", "-x", "DefaultProfile", "x".repeat(65), "a/b"])(
    "refuses %j as a profile name",
    async (name) => {
      await expect(storeProfile(await setup(), { ...profile, name })).rejects.toThrow(
        "cannot be a profile name",
      );
    },
  );

  it("names line and file, but never the text, of a file that is no TOML", async () => {
    const path = await setup('[a]\nToken = "cou_secret\n');

    const error: unknown = await readCredentials(path).catch((caught: unknown) => caught);

    expect(String(error)).toMatch(/credentials:2 is not valid TOML$/);
    expect(JSON.stringify(error)).not.toContain("cou_secret");
  });

  it("is called open when others may read it", async () => {
    const path = await setup("");
    expect(await findOpenPermissions(path)).toBeUndefined();

    await chmod(path, 0o644);

    expect(await findOpenPermissions(path)).toBe(
      `${path} holds secrets and others can read it (mode 0644); run: chmod 600 ${path}`,
    );
  });
});
