import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { end, startProgram, valueAt, type Finished, type Program } from "../e2e/stack.ts";
import { patienceMs } from "../e2e/until.ts";

const example = fileURLToPath(new URL("../../examples/local/release-notes.yaml", import.meta.url));

interface Place {
  readonly directory: string;
  run(...args: readonly string[]): Promise<Finished>;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Program;
  file(name: string, text: string): Promise<string>;
  /** What the runs have left behind. */
  leftovers(): Promise<readonly string[]>;
}

async function setup(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "courier-local-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const start: Place["start"] = (args, env = {}) => {
    const options = { cwd: directory, env: { TMPDIR: directory, ...env } };
    const program = startProgram("courier-runner", args, options);
    // Where the test failed before: Ctrl-C ends the steps as well.
    onTestFinished(() => end(program, "SIGINT"));
    return program;
  };
  return {
    directory,
    start,
    run: async (...args) => await start(args).finished,
    file: async (name, text) => {
      await writeFile(join(directory, name), text);
      return name;
    },
    leftovers: async () =>
      (await readdir(directory)).filter((name) => name.startsWith("courier-run-")),
  };
}

function shellJob(steps: readonly { readonly name: string; readonly lines: readonly string[] }[]) {
  return JSON.stringify({
    name: "local",
    scheduleRule: "immediate",
    target: { groups: [{ nodeListType: "nodes", nodeIdentifiers: ["web-1"] }] },
    actions: {
      steps: steps.map(({ name, lines }) => ({
        name,
        interpreter: { name: "chef-platform/shell-interpreter" },
        command: { linux: lines, darwin: lines },
      })),
    },
  });
}

it("executes the example live, retries as on a node, and leaves nothing behind", async () => {
  const place = await setup();

  const { code, stdout, stderr } = await place.run("run", "--job-file", example);

  expect({ code, stdout }).toEqual({ code: 0, stdout: "notes of step 1\npublished\n" });
  expect(stderr).toContain("ignored without a service: scheduleRule, target");
  expect(stderr).toContain("[courier] attempt 1: exit code 1");
  expect(stderr).toMatch(/^2 {5}publish at the second attempt {2}success {2}2 /m);
  expect(await place.leftovers()).toEqual([]);
});

it("says in a dry run what it would execute, and starts nothing", async () => {
  const place = await setup();
  const job = shellJob([{ name: "touch", lines: ["touch witness"] }]);
  const file = await place.file("job.json", job);

  const human = await place.run("run", "--job-file", example, "--dry-run");
  const plan = await place.run("run", "--job-file", file, "--dry-run", "--format", "json");

  expect(human.code).toBe(0);
  expect(human.stdout).toContain("  directory    /tmp\n");
  expect(human.stdout).toContain('    | echo "notes of step $COURIER_STEP_NUMBER"\n');
  expect(human.stdout).toContain("timeout 30 s, 0 retries, then retryThenFail");
  expect(valueAt(JSON.parse(plan.stdout), ["items", 0, "canRun"])).toBe(true);
  expect(await readdir(place.directory)).toEqual(["job.json"]);
});

it("says in a dry run what a playbook's URL is, but for its signature, and fetches nothing", async () => {
  const place = await setup();
  const url = "https://playbooks.invalid/site.yml";
  const job = (playbook: string): Promise<string> =>
    place.file("job.json", shellJob([]).replace("[]", JSON.stringify([playbookStep(playbook)])));
  // It only has to be there.
  await place.file("ansible-playbook", "#!/bin/sh\nexit 99\n");
  await chmod(join(place.directory, "ansible-playbook"), 0o755);
  const env = { PATH: `${place.directory}:${process.env["PATH"] ?? ""}` };

  const file = ["run", "--dry-run", "--job-file", await job(`${url}?X-Amz-Signature=s3cret`)];
  const human = await place.start(file, env).finished;
  const plan = await place.start([...file, "--format", "json"], env).finished;
  await job("s3://bucket/site.yml");
  const refused = await place.start(file, env).finished;

  expect(human.code).toBe(0);
  expect(human.stdout).toContain(`  fetches      ${url}?…\n`);
  expect(human.stdout + plan.stdout).not.toContain("s3cret");
  expect(valueAt(JSON.parse(plan.stdout), ["items", 0, "fetches"])).toBe(`${url}?…`);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/job.json:1:\d+ .*\/playbook .*give a presigned https URL/);
});

function playbookStep(playbook: string): object {
  const interpreter = { name: "chef-platform/ansible-interpreter" };
  return { name: "play", interpreter, command: { exec: "run", args: { playbook } } };
}

it("shows in a dry run what is known before, and no secret", async () => {
  const place = await setup();
  const text = `
name: local
scheduleRule: immediate
target: { groups: [{ nodeListType: nodes, nodeIdentifiers: [web-1] }] }
actions:
  steps:
    - name: make
      interpreter: { name: chef-platform/shell-interpreter }
      command: { linux: &make [printf 7], darwin: *make }
      outputFieldRules: { BUILD: { sourceType: output } }
    - name: use
      interpreter: { name: chef-platform/shell-interpreter }
      expectedInputs:
        BUILD: { type: integer, required: true }
        TOKEN: { default: hunter2-hunter2, sensitive: true }
      conditions: [{ inputName: BUILD, operator: gt, value: "6" }]
      command: { linux: &use ["echo build {{.BUILD}} with {{.TOKEN}}"], darwin: *use }
`;
  const file = await place.file("job.yaml", text);

  const plan = await place.run("run", "--job-file", file, "--dry-run");
  const run = await place.run("run", "--job-file", file);

  expect(plan.code).toBe(0);
  expect(plan.stdout).toContain('step 2: use\n  only if      BUILD gt "6"\n');
  expect(plan.stdout).toContain("    | echo build <BUILD> with ***\n");
  expect(plan.stdout + plan.stderr).not.toContain("hunter2");
  expect(run.stdout).toBe("7build 7 with ***\n");
});

it("exits with 1 when a step fails, and prints one JSON document when asked to", async () => {
  const place = await setup();
  const job = shellJob([
    { name: "fail", lines: ["echo seen", "exit 7"] },
    { name: "never", lines: ["echo never"] },
  ]);
  const file = await place.file("job.json", job);

  const { code, stdout, stderr } = await place.run("run", "--job-file", file, "--format", "json");

  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    item: { status: "failure", steps: [{ exitCode: 7 }, { status: "skipped" }] },
  });
  expect(stderr).toContain("seen\n");
});

it("exits with 2 and every problem at its place when the template is wrong", async () => {
  const place = await setup();
  const file = await place.file("job.yaml", "name: x\nscheduleRule: immediate\nbogus: 1\n");

  const wrong = await place.run("run", "--job-file", file);
  const missing = await place.run("run", "--job-file", "none.yaml");
  const flags = await place.run("run");

  expect([wrong.code, missing.code, flags.code]).toEqual([2, 2, 2]);
  expect(wrong.stderr).toContain("job.yaml:3:1  /bogus  unknown field");
  expect(missing.stderr).toContain('--job-file "none.yaml" cannot be read: there is no such file');
});

it("keeps artifacts where it is told to, and replaces none", async () => {
  const place = await setup();
  const job = shellJob([{ name: "leave", lines: ['echo content > "$COURIER_ARTIFACTS/file"'] }]);
  const file = await place.file("job.json", job);
  const args = ["run", "--job-file", file, "--output-dir", "kept"];

  const first = await place.run(...args);
  const again = await place.run(...args);

  expect([first.code, again.code]).toEqual([0, 0]);
  expect(first.stderr).toContain("artifacts saved: kept/artifacts-step-1-attempt-1.tar.gz");
  expect(again.stderr).toContain("artifacts not saved: EEXIST");
  const archive = join(place.directory, "kept/artifacts-step-1-attempt-1.tar.gz");
  expect(execFileSync("tar", ["-xzOf", archive, "artifacts/file"]).toString()).toBe("content\n");
});

it("takes the original's flags", async () => {
  const place = await setup();
  const job = shellJob([{ name: "greet", lines: ["echo hello"] }]);
  const file = await place.file("job.json", job);

  const { code, stdout } = await place.run("--zero", "--job-file", file);

  expect({ code, stdout }).toEqual({ code: 0, stdout: "hello\n" });
});

it("ends the process tree on Ctrl-C, runs no further step, and exits with 130", async () => {
  const place = await setup();
  const job = shellJob([
    { name: "hang", lines: ["trap 'echo ended' TERM", "echo $$", "sleep 1000 & wait; wait"] },
    { name: "never", lines: ["echo never"] },
  ]);
  const file = await place.file("job.json", job);
  const program = place.start(["run", "--job-file", file]);
  await program.wrote("stdout", "\n");

  program.child.kill("SIGINT");
  const { code, stdout, stderr } = await program.finished;

  expect(code).toBe(130);
  expect(stdout).not.toContain("never");
  expect(stderr).toContain("canceled; its process tree was ended");
  // One that nobody has reaped yet is gone all the same.
  const pid = Number.parseInt(stdout, 10);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), patienceMs);
  expect(await place.leftovers()).toEqual([]);
});
