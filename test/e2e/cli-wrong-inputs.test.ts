import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { jobTemplate } from "./cli-templates.ts";
import { startStack, type CliOptions, type Stack } from "./stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ runnerNames: ["web-1"] });
});

afterAll(async () => {
  await stack.stop();
});

/** What a person sees at a terminal, with what differs from run to run replaced. */
async function seen(args: readonly string[], options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await stack.cli([...args, "--format", "table"], options);
  expect(stdout).toBe("");
  const text = stderr
    .replaceAll(stack.url, "http://HOST")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID");
  return `${text}exit code ${code}\n`;
}

async function add(name: string, text: string | Uint8Array): Promise<string> {
  await writeFile(join(stack.directory, name), text);
  return seen(["scheduler", "jobs", "add-job", "--body-file", name]);
}

describe("what a person gets for a wrong input", () => {
  it("no file", async () => {
    expect(await seen(["scheduler", "jobs", "add-job", "--body-file", "nope.json"]))
      .toMatchInlineSnapshot(`
      "error: cannot read "nope.json": there is no such file
      help: see --help
      exit code 2
      "
    `);
  });

  it("no template at all", async () => {
    expect(await seen(["scheduler", "jobs", "add-job"])).toMatchInlineSnapshot(`
      "error: no template is given; use --body-file FILE or --body TEXT
      exit code 2
      "
    `);
  });

  it("a directory", async () => {
    await mkdir(join(stack.directory, "folder"));

    expect(await seen(["scheduler", "jobs", "add-job", "--body-file", "folder"]))
      .toMatchInlineSnapshot(`
      "error: "folder" is a directory, not a file
      help: see --help
      exit code 2
      "
    `);
  });

  it("an empty file", async () => {
    expect(await add("empty.json", "")).toMatchInlineSnapshot(`
      "error: empty.json is not a valid job template: 1 problem
        empty.json:1:1: the file is empty, expected a job template in JSON
      help: correct the fields that the details name; nothing was stored
      exit code 2
      "
    `);
  });

  it("broken JSON", async () => {
    expect(await add("broken.json", '{\n  "name": "a",\n  "target": }\n')).toMatchInlineSnapshot(`
      "error: broken.json is not a valid job template: 1 problem
        broken.json:3:13: invalid JSON: expected a value, found "}"
      help: correct the fields that the details name; nothing was stored
      exit code 2
      "
    `);
  });

  it("broken YAML", async () => {
    expect(await add("broken.yaml", 'name: a\ntarget:\n  groups: ["x"\n')).toMatchInlineSnapshot(`
      "error: broken.yaml is not a valid job template: 1 problem
        broken.yaml:4:1: invalid YAML: flow sequence in block collection must be sufficiently indented and end with a ]
      help: correct the fields that the details name; nothing was stored
      exit code 2
      "
    `);
  });

  it("broken TOML", async () => {
    expect(await add("broken.toml", 'name = "a"\ntarget = \n')).toMatchInlineSnapshot(`
      "error: broken.toml is not a valid job template: 1 problem
        broken.toml:2:10: invalid TOML: unexpected character, expecting string, number, datetime, boolean, inline array or inline table
      help: correct the fields that the details name; nothing was stored
      exit code 2
      "
    `);
  });

  it("a file that is no text", async () => {
    expect(await add("binary.json", Buffer.from([0xff, 0xfe, 0x00]))).toMatchInlineSnapshot(`
      "error: "binary.json" is not text in UTF-8
      help: correct the request body; the details name the fields
      exit code 2
      "
    `);
  });

  it("a misspelt field", async () => {
    const text = JSON.stringify(jobTemplate({ name: "misspelt", nodes: ["web-1"] }), undefined, 2);

    expect(await add("misspelt.json", text.replace("nodeIdentifiers", "nodeIdentifers")))
      .toMatchInlineSnapshot(`
      "error: misspelt.json is not a valid job template: 1 problem
        misspelt.json:9:9 /target/groups/0/nodeIdentifers: unknown field "nodeIdentifers", did you mean "nodeIdentifiers"?
      help: correct the fields that the details name; nothing was stored
      exit code 2
      "
    `);
  });

  it("an unknown node", async () => {
    const template = jobTemplate({ name: "unknown node", nodes: ["web-1", "web-9"] });

    expect(await add("unknown-node.json", JSON.stringify(template, undefined, 2)))
      .toMatchInlineSnapshot(`
      "error: the target names a node that does not exist: "web-9"
        unknown-node.json:11:11 /target/groups/0/nodeIdentifiers/1: there is no node "web-9"
      help: use ids or names that \`courier-cli management node find-all-nodes\` lists
      request id: UUID
      exit code 2
      "
    `);
  });

  it("a schedule rule that cannot be read", async () => {
    const template = {
      ...jobTemplate({ name: "later", nodes: ["web-1"] }),
      scheduleRule: "RRULE:FREQ=DALY",
    };

    expect(await add("later.json", JSON.stringify(template, undefined, 2))).toMatchInlineSnapshot(`
      "error: later.json is not a valid job template: 1 problem
        later.json:3:19 /scheduleRule: FREQ=DALY is not known; it is one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY
      help: correct the fields that the details name; nothing was stored
      exit code 2
      "
    `);
  });

  it("a name that is taken", async () => {
    const text = JSON.stringify(jobTemplate({ name: "taken", nodes: ["web-1"] }));
    await stack.json(["scheduler", "jobs", "add-job", "--body", text]);

    expect(await add("taken.json", text)).toMatchInlineSnapshot(`
      "error: job name "taken" is taken by job UUID; to run that job again: courier-cli scheduler jobs create-manual-job --jobId UUID
      help: names are unique: run the job that has it, change it with update-job, or choose another name
      request id: UUID
      exit code 5
      "
    `);
  });

  it("a body of 50 MB", async () => {
    expect(await add("large.json", Buffer.alloc(50 * 1024 * 1024, " "))).toMatchInlineSnapshot(`
      "error: "large.json" is too large: at most 1 MiB, found 50 MiB
      help: make the body smaller; the message names the limit
      exit code 2
      "
    `);
  });

  it("a wrong token", async () => {
    const token = `cou_00000000_${"0".repeat(64)}`;

    expect(await seen(["scheduler", "jobs", "list-jobs"], { env: { COURIER_TOKEN: token } }))
      .toMatchInlineSnapshot(`
        "error: the token is not valid; send \`Authorization: Bearer <token>\` with a valid API token
        help: store a valid token with \`courier-cli register-device\`, or set COURIER_TOKEN
        request id: UUID
        exit code 3
        "
      `);
  });

  it("an id that does not exist", async () => {
    const id = "00000000-0000-4000-8000-000000000000";

    expect(await seen(["scheduler", "jobs", "get-job", "--jobId", id])).toMatchInlineSnapshot(`
      "error: there is no job "UUID"
      help: list jobs with \`courier-cli scheduler jobs list-jobs\`
      request id: UUID
      exit code 4
      "
    `);
    expect(await seen(["state", "run", "logs", "--runId", "not-an-id"])).toMatchInlineSnapshot(`
      "error: there is no run "not-an-id"
      help: list runs with \`courier-cli state instance list-instance-runs --instanceId ID\`
      request id: UUID
      exit code 4
      "
    `);
  });

  it("a service that is down", async () => {
    const env = { COURIER_URL: "http://127.0.0.1:1" };

    expect(await seen(["scheduler", "jobs", "list-jobs"], { env })).toMatchInlineSnapshot(`
      "error: cannot reach http://127.0.0.1:1: connection refused; nothing listens there
      help: check the URL of the profile and that courier-server runs
      exit code 6
      "
    `);
  });

  it("no profile", async () => {
    const env = { COURIER_URL: "", COURIER_TOKEN: "" };

    expect(await seen(["scheduler", "jobs", "list-jobs"], { env })).toMatchInlineSnapshot(`
      "error: no profile and no COURIER_URL with COURIER_TOKEN: nothing says where the service is
      help: create a profile with \`courier-cli register-device\`
      exit code 2
      "
    `);
  });

  it("a misspelt command and a misspelt flag", async () => {
    expect(await seen(["scheduler", "jobs", "add-jbo"])).toMatchInlineSnapshot(`
      "error: unknown command 'add-jbo' (did you mean add-job?); see "courier-cli scheduler jobs --help"
      exit code 2
      "
    `);
    expect(await seen(["state", "run", "get-run", "--rnu-id", "x"])).toMatchInlineSnapshot(`
      "error: unknown option '--rnu-id' (did you mean --runId?); see "courier-cli state run get-run --help"
      exit code 2
      "
    `);
  });
});

it("gives scripts the same error object from the CLI and from the service", async () => {
  const text = JSON.stringify(jobTemplate({ name: "object", nodes: ["web-9"] }));

  const fromService = await stack.cli(["scheduler", "jobs", "add-job", "--body", text]);
  const fromCli = await stack.cli(["scheduler", "jobs", "add-job", "--body", "{}"]);

  for (const { stderr, code, stdout } of [fromService, fromCli]) {
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const { error }: { error: Record<string, unknown> } = JSON.parse(stderr);
    expect(Object.keys(error)).toEqual(["code", "message", "details", "requestId"]);
  }
  expect(fromService.stderr).toContain('"code": "NODE_UNKNOWN"');
  expect(fromCli.stderr).toContain('"code": "TEMPLATE_INVALID"');
});
