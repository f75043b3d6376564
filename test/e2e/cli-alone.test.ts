import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { runCliAlone } from "./stack.ts";

async function setup(): Promise<{ readonly env: { readonly COURIER_HOME: string } }> {
  const directory = await mkdtemp(join(tmpdir(), "courier-cli-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return { env: { COURIER_HOME: join(directory, "home") } };
}

const canary = "cou_canary_token";

function register(name: string): string[] {
  const url = ["--url", "http://127.0.0.1:1"];
  return ["register-device", ...url, "--token", canary, "--profile-name", name, "--no-check"];
}

describe("help", () => {
  it.each([
    [["--help"]],
    [["scheduler", "jobs", "--help"]],
    [["scheduler", "jobs", "add-job", "--help"]],
    [["state", "--help"]],
    [["state", "instance", "list-all", "--help"]],
    [["register-device", "--help"]],
  ])("of %j", async (args) => {
    const { code, stdout, stderr } = await runCliAlone(args);

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatchSnapshot();
  });
});

describe("profiles", () => {
  it("are stored, listed and chosen, and their secrets are never shown", async () => {
    const options = await setup();
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCliAlone([...args, "--verbose"], options);
      expect(code).toBe(0);
      expect(stdout + stderr).not.toContain("canary");
      return stdout;
    };

    await run(...register("one"));
    await run(...register("two"));
    expect(await run("get-default-profile")).toContain('"profileName": "one"');
    await run("set-default-profile", "--profileName", "two");
    await run("set-default-profile", "one");
    expect(await run("get-default-profile", "--verbose=false")).toContain('"profileName": "one"');
    await run("set-default-profile", "two");

    expect(JSON.parse(await run("list-profile-names"))).toEqual({
      items: [
        { name: "one", url: "http://127.0.0.1:1", default: false },
        { name: "two", url: "http://127.0.0.1:1", default: true },
      ],
      totalItems: 2,
    });
    const mode = (await stat(join(options.env.COURIER_HOME, "credentials"))).mode & 0o777;
    expect(mode).toBe(0o600);
  });

  it("are removed, and a replaced one is told of unless that was wanted", async () => {
    const options = await setup();
    await runCliAlone(register("one"), options);

    const again = await runCliAlone(register("one"), options);
    const wanted = await runCliAlone([...register("one"), "--overwrite"], options);
    const removed = await runCliAlone(["deregister-device", "--profile", "one"], options);
    const gone = await runCliAlone(["deregister-device", "--profile", "one"], options);
    const forced = await runCliAlone(["deregister-device", "--profile=one", "--force"], options);

    expect(again.stderr).toBe('replaced the profile "one" that was there before\n');
    expect([wanted.code, wanted.stderr]).toEqual([0, ""]);
    expect(JSON.parse(removed.stdout)).toEqual({ item: { profileName: "one", removed: true } });
    expect([gone.code, forced.code]).toEqual([2, 0]);
    expect((await runCliAlone(["get-default-profile"], options)).code).toBe(2);
  });

  it("give a warning when others can read them", async () => {
    const options = await setup();
    await runCliAlone(register("one"), options);
    await chmod(join(options.env.COURIER_HOME, "credentials"), 0o644);

    const { code, stderr } = await runCliAlone(["scheduler", "jobs", "list-jobs"], options);

    expect(code).toBe(6);
    expect(stderr).toMatch(/^warning: .*credentials holds secrets and others can read it/);
  });

  it("are not stored when the service cannot confirm the token", async () => {
    const options = await setup();
    const args = register("one").filter((word) => word !== "--no-check");

    const registered = await runCliAlone(args, options);

    expect(registered.code).toBe(6);
    expect(registered.stderr).toContain("nothing was stored");
    expect((await runCliAlone(["get-default-profile"], options)).code).toBe(2);
  });
});

it("prints its version", async () => {
  expect(await runCliAlone(["--version"])).toMatchObject({ code: 0, stdout: "0.1.0\n" });
});

describe("--example", () => {
  it.each(["json", "yaml", "toml"])("prints bodies that validate, in %s", async (format) => {
    const args = ["scheduler", "jobs", "add-job", "--example", "--example-format", format];
    for (const number of ["1", "2"]) {
      const example = await runCliAlone([...args, "-n", number]);
      const validate = ["scheduler", "jobs", "validate", "--body", example.stdout];
      const checked = await runCliAlone([...validate, "--body-format", format]);

      expect({ ...checked, stdout: JSON.parse(checked.stdout) as unknown }).toMatchObject({
        code: 0,
        stdout: { item: { valid: true, problems: [] } },
      });
    }
  });

  it("needs none of the flags that the command needs, and names its bodies on stderr", async () => {
    const args = ["management", "list", "add-nodes", "-e"];

    const { code, stdout, stderr } = await runCliAlone(args);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ nodeIds: ["web-1", "web-2"] });
    expect(stderr).toBe("# two nodes\n");
  });
});
