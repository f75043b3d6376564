import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicaliseTemplate, findUnsupported } from "@courier/core";
import { validateTemplate } from "@courier/schema";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatOf } from "../conformance/template-files.ts";
import { startStack, textAt, valueAt, type Stack } from "./stack.ts";

const directory =
  process.env["COURIER_SAMPLES"] ??
  join(import.meta.dirname, "../../../shared/conformance/courier-samples");
const isPresent = existsSync(directory);
const files = isPresent ? readdirSync(directory).filter(isRunnable) : [];

/** Samples that need what the test's nodes lack, and what the outcome says then. */
const lackingHere: Readonly<Record<string, string>> = {
  // Writes into the home directory of an account of the cloud's images first.
  job_reboot: '"status": "failure"',
  infra_client_run: '"status": "failure"',
};

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
      for (const name of ["one", "two", "three", "four", "five"]) {
        nodeIds.push(await stack.startRunner(name));
      }
      setIds = await createSets(stack, nodeIds);
    });

    afterAll(async () => {
      await stack.stop();
    });

    it.concurrent.each(files)(
      "%s runs, or is refused with the fields that this version does not execute",
      async (file) => {
        const format = formatOf(file) ?? "json";
        const sample = await fillIn(file, nodeIds, setIds);

        const add = ["scheduler", "jobs", "add-job", "--body-file", "-", "--body-format", format];
        const { code, stdout, stderr } = await stack.cli([...add, "--wait"], {
          stdin: sample.text,
        });

        if (sample.unsupported.length > 0) {
          expect(code).toBe(2);
          const { error } = JSON.parse(stderr) as {
            error: { code: string; details: { pointer: string }[] };
          };
          expect(error.code).toBe("TEMPLATE_UNSUPPORTED");
          const pointers = error.details.map((detail) => detail.pointer);
          expect(pointers.toSorted()).toEqual(sample.unsupported.toSorted());
          return;
        }
        const lacking = lackingHere[file.replace(/\.\w+$/, "")];
        if (lacking !== undefined) {
          expect(code).toBe(1);
          expect(stdout).toContain(lacking);
          return;
        }
        expect(stderr).toBe("");
        expect(code).toBe(0);
        const instance = valueAt(JSON.parse(stdout), ["item", "instance"]);
        expect(textAt(instance, ["status"])).toBe("success");
      },
      240_000,
    );
  },
);

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
async function fillIn(
  file: string,
  nodeIds: readonly string[],
  setIds: SetIds,
): Promise<{ readonly text: string; readonly unsupported: readonly string[] }> {
  const published = readFileSync(join(directory, file), "utf8");
  const text = published
    .replaceAll(/--NODE(\d)--/g, (_placeholder, digit: string) => nodeIds[Number(digit) - 1] ?? "")
    .replaceAll("--FILTER ID--", setIds.filterId)
    .replaceAll("--LIST ID--", setIds.listId)
    .replace(/^name: (.+)$/m, "name: $1 (YAML)");
  const result = await validateTemplate(text, formatOf(file) ?? "json");
  if (!result.ok) throw new Error(`${file} is not valid`);
  const unsupported = findUnsupported(canonicaliseTemplate(result.template));
  return { text, unsupported: unsupported.map((detail) => detail.pointer) };
}
