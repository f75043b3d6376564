import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicaliseTemplate, findUnsupported } from "@courier/core";
import { validateTemplate } from "@courier/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatOf } from "../conformance/template-files.ts";
import { startStack, textAt, valueAt, type Finished, type Stack } from "./stack.ts";

const directory =
  process.env["COURIER_SAMPLES"] ??
  join(import.meta.dirname, "../../../shared/conformance/courier-samples");
const isPresent = existsSync(directory);
const files = isPresent ? readdirSync(directory).filter(isRunnable) : [];

/** Samples that need what the test's nodes lack, and what is said of them then. */
const lackingHere: Readonly<Record<string, string>> = {
  // Writes into the home directory of an account of the cloud's images first.
  job_reboot: "exit code 1",
  job_windows_conditional_actions: "the command has no form for linux, only for windows",
};

/** Samples that recur, with exceptions: they are started by hand, because their first time is later. */
const scheduled: ReadonlySet<string> = new Set(["single-node-job-reoccurring-exception"]);

const jobs = ["scheduler", "jobs"];

/** The two that begin with 0 are forms to fill in, not jobs. */
function isRunnable(file: string): boolean {
  return formatOf(file) !== undefined && !/^0[01]_/.test(file);
}

describe.skipIf(!isPresent)(
  `published samples${isPresent ? "" : `: left out, there is no ${directory}; COURIER_SAMPLES names another place`}`,
  () => {
    const nodeIds: string[] = [];
    let stack: Stack;
    let setIds: SetIds;

    beforeAll(async () => {
      stack = await startStack();
      const env = await prepareStandIns(stack.directory);
      for (const name of ["one", "two", "three", "four", "five"]) {
        nodeIds.push(await stack.startRunner(name, [], env));
      }
      setIds = await createSets(stack, nodeIds);
    });

    afterAll(async () => {
      await stack.stop();
    });

    it.concurrent.each(files)("%s is accepted and does what its author meant", async (file) => {
      const sample = await fillIn(file, nodeIds, setIds);
      if (scheduled.has(file.replace(/\.\w+$/, ""))) {
        await startByHand(file, sample);
        return;
      }
      const { code, stdout, stderr } = await addAndWait(file, sample);

      const instance = valueAt(JSON.parse(stdout), ["item", "instance"]);
      const lacking = lackingHere[file.replace(/\.\w+$/, "")];
      if (lacking !== undefined) {
        expect(code).toBe(1);
        const steps = await stepsOf(textAt(instance, ["id"]));
        expect(JSON.stringify(steps)).toContain(lacking);
        return;
      }
      expect(stderr).toBe("");
      expect(textAt(instance, ["status"])).toBe("success");
      expect(code).toBe(0);
    });

    it.each(["json", "yaml"])(
      "job_windows_conditional_actions.%s takes its decisions, with its lines in the form for Linux",
      async (format) => {
        const file = `job_windows_conditional_actions.${format}`;
        const sample = await fillIn(file, nodeIds, setIds);
        const text = sample.replaceAll("windows", "linux").replaceAll("Windows cond", "Linux cond");

        const { stdout } = await addAndWait(file, text);
        const id = textAt(JSON.parse(stdout), ["item", "instance", "id"]);
        const steps = await stepsOf(id);

        expect(steps.map((step) => [textAt(step, ["status"]), textAt(step, ["reason"])])).toEqual([
          ["success", ""],
          ["success", ""],
          ["success", ""],
          // Lines end in another way here.
          [
            "skipped",
            String.raw`condition TASK_COMPLETED eq "value2\r\n" does not hold: TASK_COMPLETED is "value2\n"`,
          ],
        ]);
        expect(steps.map((step) => textAt(step, ["outputs"]))).toEqual([
          '{"CAN_PERFORM_TASK":"value2"}',
          "",
          String.raw`{"TASK_COMPLETED":"value2\n"}`,
          "",
        ]);
      },
    );

    async function startByHand(file: string, text: string): Promise<void> {
      const add = [...jobs, "add-job", "--body-file", "-", "--body-format", formatOf(file) ?? ""];
      const added = await stack.json(add, { stdin: text });
      const of = ["--jobId", textAt(added, ["item", "id"])];
      const times = await stack.json([...jobs, "estimate-run-times", ...of, "--count", "5"]);
      const start = [...jobs, "create-manual-job", ...of, "--ignore-exceptions", "--wait"];
      const started = await stack.json(start);
      await stack.json([...jobs, "cancel-job", ...of, "--instances"]);

      expect(valueAt(times, ["estimates"])).toHaveLength(5);
      expect(valueAt(times, ["blocked_by_exceptions", 0])).toBeDefined();
      expect(textAt(started, ["item", "instance", "status"])).toBe("success");
    }

    async function addAndWait(file: string, text: string): Promise<Finished> {
      const add = [...jobs, "add-job", "--body-file", "-"];
      const format = ["--body-format", formatOf(file) ?? "json"];
      return await stack.cli([...add, ...format, "--wait"], { stdin: text });
    }

    async function stepsOf(instanceId: string): Promise<readonly unknown[]> {
      const list = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
      const runId = textAt(await stack.json(list), ["items", 0, "runId"]);
      const steps = await stack.json(["state", "run", "list-steps", "--runId", runId]);
      return valueAt(steps, ["items"]) as readonly unknown[];
    }
  },
);

/** Programs that do what the samples expect of the real ones, within one directory; the environment that finds them. */
async function prepareStandIns(directory: string): Promise<Record<string, string>> {
  const [bin, home] = [join(directory, "bin"), join(directory, "home")];
  await Promise.all([mkdir(bin), mkdir(home)]);
  const page = join(directory, "index.html");
  const programs: Readonly<Record<string, string>> = {
    "chef-client": "exit 0",
    curl: `exec cat ${page} 2>/dev/null`,
    inspec: 'echo "Test Summary: 0 successful, 0 failures, 0 skipped"',
    sudo: `exec cat > ${page}`,
    systemctl: "exit 0",
    yum: `ln -sf /bin/true ${join(bin, "nginx")}`,
  };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return { HOME: home, PATH: `${bin}:${process.env["PATH"] ?? ""}` };
}

interface SetIds {
  readonly filterId: string;
  readonly listId: string;
}

/** What the samples with a saved filter and a saved list refer to. */
async function createSets(stack: Stack, nodeIds: readonly string[]): Promise<SetIds> {
  const attributes = [{ name: "kernel_name", operator: "=", value: ["Linux", "Darwin"] }];
  const filter = { name: "all", constraints: { attributes } };
  const create = async (kind: string, body: object): Promise<string> => {
    const args = ["management", kind, `create-${kind}`, "--body", JSON.stringify(body)];
    return textAt(await stack.json(args), ["item", `${kind}Id`]);
  };
  return {
    filterId: await create("filter", filter),
    listId: await create("list", { name: "all", nodeIds }),
  };
}

/** The sample with real ids; the YAML twin gets a name of its own, because names are unique. */
async function fillIn(file: string, nodeIds: readonly string[], setIds: SetIds): Promise<string> {
  const published = readFileSync(join(directory, file), "utf8");
  const text = published
    .replaceAll(/--NODE(\d)--/g, (_placeholder, digit: string) => nodeIds[Number(digit) - 1] ?? "")
    .replaceAll("--FILTER ID--", setIds.filterId)
    .replaceAll("--LIST ID--", setIds.listId)
    .replace(/^name: (.+)$/m, "name: $1 (YAML)");
  const result = await validateTemplate(text, formatOf(file) ?? "json");
  if (!result.ok) throw new Error(`${file} is not valid`);
  expect(findUnsupported(canonicaliseTemplate(result.template))).toEqual([]);
  return text;
}
