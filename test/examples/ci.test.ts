import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { validateBody } from "@courier/schema";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { programPath, startStack, valueAt, type Stack } from "../e2e/stack.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const examples = join(root, "examples", "ci");

let stack: Stack;
let directory: string;

beforeAll(async () => {
  stack = await startStack({ runnerNames: ["demo-1", "demo-2"] });
});

afterAll(async () => {
  await stack.stop();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "courier-ci-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

interface Executed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Executes a shell command as a CI system would, with its files in a directory of their own. */
async function execute(
  command: string,
  environment: Readonly<Record<string, string>>,
): Promise<Executed> {
  const child = spawn("sh", ["-c", command.replaceAll("examples/ci", examples)], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      COURIER_CLI: programPath("courier-cli"),
      COURIER_URL: stack.url,
      COURIER_TOKEN: stack.adminToken,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

async function readEvents(): Promise<unknown[]> {
  const lines = (await readFile(join(directory, "events.jsonl"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}

describe("deploy.sh", () => {
  const command = "sh examples/ci/deploy.sh";

  it("deploys a commit once, however often it is asked to", async () => {
    const first = await execute(command, { COMMIT: "c0ffee" });
    const firstEvents = await readEvents();
    const second = await execute(command, { COMMIT: "c0ffee" });

    expect(first).toMatchObject({ code: 0, stdout: "deployed c0ffee to 2 nodes\n" });
    expect(second).toMatchObject({ code: 0, stdout: "deployed c0ffee to 2 nodes\n" });
    expect(valueAt(firstEvents[0], ["instanceId"])).toBe(
      valueAt((await readEvents())[0], ["instanceId"]),
    );
    expect(await readFile(join(directory, "report.xml"), "utf8")).toContain('tests="2"');
  });

  it("leaves every transition, in order and once, as documents of the schema", async () => {
    await execute(command, { COMMIT: "beef" });

    const events = await readEvents();

    for (const event of events) {
      expect(validateBody("transition-event", event)).toMatchObject({ ok: true });
    }
    const told = events.map((event) => {
      const node = valueAt(event, ["nodeName"]);
      const name = valueAt(event, ["event"]);
      return `${typeof node === "string" ? node : String(name)} ${String(valueAt(event, ["status"]))}`;
    });
    expect(told.filter((line) => line.startsWith("demo-1"))).toEqual([
      "demo-1 dispatched",
      "demo-1 running",
      "demo-1 success",
    ]);
    expect([told[0], ...told.slice(-2)]).toEqual([
      "instance pending",
      "group success",
      "instance success",
    ]);
    expect(new Set(told).size).toBe(told.length);
  });

  it("fails the build when a node fails, and says what failed", async () => {
    const template = join(directory, "failing.yaml");
    const good = await readFile(join(examples, "deploy.yaml"), "utf8");
    await writeFile(
      template,
      good.replaceAll(/\["echo deploying COMMIT"\]/g, '["echo disk full >&2; exit 4"]'),
    );

    const { code, stdout, stderr } = await execute(command, { COMMIT: "bad", TEMPLATE: template });

    expect(code).toBe(1);
    expect(stdout).toBe("deploying bad failed: 0 nodes have it, 1 failed, 1 were left alone\n");
    expect(stderr).toContain(`  1 node: step 1 "deploy": exit code 4, 'disk full' (demo-1)\n`);
  });

  it("says which exit code means what", async () => {
    const unreachable = { COMMIT: "x", COURIER_URL: "http://127.0.0.1:1" };

    expect(await execute(command, { COMMIT: "x", COURIER_TOKEN: "wrong" })).toMatchObject({
      code: 3,
      stdout: "COURIER_TOKEN is not valid, or may not add jobs\n",
    });
    expect(await execute(command, unreachable)).toMatchObject({ code: 6 });
    expect((await execute(command, {})).stderr).toContain("the commit to deploy");
  });
});

describe("the pipeline files", () => {
  it("github-actions.yml is a workflow whose step deploys", async () => {
    const workflow = parse(await readFile(join(examples, "github-actions.yml"), "utf8")) as unknown;
    const steps = valueAt(workflow, ["jobs", "deploy", "steps"]) as readonly {
      readonly run?: string;
      readonly uses?: string;
      readonly env?: Readonly<Record<string, string>>;
    }[];

    for (const { run, uses } of steps) expect([run, uses].filter(Boolean)).toHaveLength(1);
    const [step] = steps.filter(({ run }) => run !== undefined);
    expect(Object.keys(step?.env ?? {})).toEqual([
      "COURIER_URL",
      "COURIER_TOKEN",
      "COMMIT",
      "TIMEOUT",
    ]);
    expect(await execute(step?.run ?? "", { COMMIT: "github" })).toMatchObject({ code: 0 });
  });

  it("Jenkinsfile has balanced blocks, and its shell step deploys", async () => {
    const source = await readFile(join(examples, "Jenkinsfile"), "utf8");

    const code = source.replaceAll(/^\s*\/\/.*$/gm, "").replaceAll(/'[^'\n]*'|"[^"\n]*"/g, "''");
    expect(code.split("{").length).toBe(code.split("}").length);
    expect(source).toMatch(/^pipeline \{$/m);
    const shells = [...source.matchAll(/^\s*sh '([^']+)'$/gm)].map(([, shell]) => shell ?? "");
    expect(shells).toHaveLength(1);
    for (const shell of shells) {
      expect(await execute(shell, { COMMIT: "jenkins" })).toMatchObject({ code: 0 });
    }
  });
});
