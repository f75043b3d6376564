import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { end, startProgram, startStack, textAt, type Stack } from "./stack.ts";

describe("a service with a certificate of a private authority", () => {
  let directory: string;
  let cert: string;
  let stack: Stack;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "courier-tls-"));
    cert = join(directory, "cert.pem");
    const key = join(directory, "key.pem");
    const subject = ["-subj", "/CN=courier", "-addext", "subjectAltName=IP:127.0.0.1"];
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync(
      "openssl",
      ["req", "-x509", ...newKey, "-days", "2", ...subject, "-keyout", key, "-out", cert],
      { stdio: "ignore" },
    );
    stack = await startStack({
      serverFlags: ["--tls-cert", cert, "--tls-key", key],
      runnerFlags: ["--cafile", cert],
      runnerNames: ["web-1"],
      // The stack's own calls of the CLI have no profile that could name the authority.
      cliEnv: { NODE_EXTRA_CA_CERTS: cert },
    });
  });
  afterAll(async () => {
    await stack.stop();
    await rm(directory, { recursive: true });
  });

  it("is reached by nodes and by profiles that name the authority", async () => {
    const env = { COURIER_URL: "", COURIER_TOKEN: "", NODE_EXTRA_CA_CERTS: "" };
    const register = ["register-device", "--url", stack.url, "--token", stack.adminToken];
    await stack.json([...register, "--cafile", cert], { env });
    const body = {
      name: "over TLS",
      scheduleRule: "immediate",
      target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
      actions: {
        steps: [
          {
            name: "hello",
            interpreter: { name: "chef-platform/shell-interpreter" },
            command: { linux: ["echo hello"], darwin: ["echo hello"] },
          },
        ],
      },
    };
    const add = ["scheduler", "jobs", "add-job", "--body", JSON.stringify(body), "--wait"];

    const added = await stack.json(add, { env });

    expect(stack.url).toMatch(/^https:/);
    expect(textAt(added, ["item", "instance", "status"])).toBe("success");
  });

  it("is not trusted by those that do not know the authority", async () => {
    const env = { NODE_EXTRA_CA_CERTS: "" };
    const stranger = await stack.cli(["scheduler", "jobs", "list-jobs"], { env });
    const dataDir = join(directory, "stranger");
    const flags = ["--url", stack.url, "--data-dir", dataDir, "--enrollment-key", "cek_x"];
    const runner = startProgram("courier-runner", ["start", ...flags], {});
    onTestFinished(() => end(runner, "SIGKILL"));
    await runner.wrote("stderr", "enrolment failed, trying again");
    runner.child.kill("SIGTERM");

    expect(stranger.code).toBe(6);
    expect(stranger.stderr).toContain("certificate");
    expect((await runner.finished).stderr).toContain("certificate");
  });

  it("is not asked with an authority that is none", async () => {
    const file = join(directory, "none.pem");
    await writeFile(file, "no certificate\n");
    const start = async (cafile: string): Promise<readonly [number | null, string]> => {
      const flags = ["--url", stack.url, "--data-dir", join(directory, "none"), "--cafile", cafile];
      const { code, stderr } = await startProgram("courier-runner", ["start", ...flags], {})
        .finished;
      return [code, stderr];
    };

    expect(await start(file)).toEqual([2, expect.stringContaining("no PEM certificate")]);
    expect(await start(join(directory, "gone.pem"))).toEqual([
      2,
      expect.stringContaining("ENOENT"),
    ]);
  });
});
