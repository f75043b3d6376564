import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assignment, setup, shell, until, type RunnerFixture } from "./runner-fixture.ts";

const isCi = process.env["CI"] === "true";
const isAnsibleThere = isOnPath("ansible-playbook");

let fixture: RunnerFixture;
let base: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const web = createServer((request, response) => answer(request, response));

beforeEach(async () => {
  fixture = await setup();
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  // A server on a port has an address of this form.
  base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await fixture.dispose();
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
});

function isOnPath(tool: string): boolean {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .some((directory) => existsSync(join(directory, tool)));
}

function userId(name: string): number {
  return Number(execFileSync("id", ["-u", name], { encoding: "utf8" }));
}

function playbookStep(args: object, change: Partial<CanonicalStep> = {}): CanonicalStep {
  return {
    ...shell(""),
    interpreter: {
      name: "chef-platform/ansible-interpreter",
      skill: { minVersion: "", maxVersion: "" },
    },
    command: { exec: "run", args },
    ...change,
  };
}

/** An agent with an ansible-playbook that shows the playbook it is given. */
async function agentWithStandIn(): Promise<void> {
  const path = join(fixture.directory, "ansible-playbook");
  writeFileSync(path, '#!/bin/sh\nfor last; do :; done\necho "$@" >&2\ncat "$last"\n');
  chmodSync(path, 0o755);
  const environment = { PATH: `${fixture.directory}:/usr/bin:/bin`, HOME: fixture.directory };
  await fixture.agent({ environment });
}

test.skipIf(!isAnsibleThere && !isCi)(
  `a playbook is fetched and runs on the node itself${isAnsibleThere ? "" : ": left out, there is no ansible-playbook"}`,
  { timeout: 120_000 },
  async () => {
    const { server, witness } = fixture;
    const task = { copy: { dest: witness, content: "{{ greeting }}" } };
    const site = JSON.stringify([{ hosts: "all", gather_facts: false, tasks: [task] }]);
    answer = ({ url }, response) => {
      if (url === "/site.yml") response.writeHead(302, { location: "/there.yml" }).end();
      else response.end(site);
    };
    await fixture.agent();
    const playbook = `${base}/site.yml`;
    const run = assignment([playbookStep({ playbook, extraVars: { greeting: "good evening" } })]);

    server.assign(run);
    const result = await server.result(run.runId);

    expect(result.steps[0]).toMatchObject({ status: "success", reason: "", exitCode: 0 });
    expect(server.text(run.runId)).toMatch(/localhost +: ok=1 +changed=1/);
    expect(fixture.readWitness()).toBe("good evening");
    expect(readdirSync(fixture.directory).toSorted()).toEqual(["data", "witness"]);
  },
);

describe.skipIf(!isOnPath("python3") && !isCi)("a playbook that is given by its URL", () => {
  test("is asked for again with the next attempt, and executed where it was fetched to", async () => {
    const { server, dataDir } = fixture;
    let count = 0;
    answer = (_, response) => {
      count += 1;
      response.writeHead(count === 1 ? 503 : 200).end("- hosts: all\n");
    };
    await agentWithStandIn();
    const run = assignment([playbookStep({ playbook: `${base}/site.yml` }, { retryCount: 1 })]);

    server.assign(run);
    const result = await server.result(run.runId);

    const runDirectory = `${dataDir}/runs/${run.runId}.1.1.2.1`;
    expect(result.steps[0]).toMatchObject({ status: "success", attemptCount: 2 });
    expect(server.text(run.runId, { attempt: 2 })).toBe("- hosts: all\n");
    expect(server.text(run.runId, { attempt: 2, stream: "stderr" })).toBe(
      `--inventory localhost, --connection local -- ${runDirectory}/playbook.yml\n`,
    );
  });

  test("fails the step with URL and status, without what of it is secret", async () => {
    const { server } = fixture;
    answer = (_, response) => response.writeHead(404).end();
    await agentWithStandIn();
    const token = { type: "string", default: "s3cret-token", required: true, sensitive: true };
    const playbook = `${base}/{{.TOKEN}}/site.yml?X-Amz-Signature=0123abcd`;
    const run = assignment([playbookStep({ playbook }, { expectedInputs: { TOKEN: token } })]);

    server.assign(run);
    const result = await server.result(run.runId);
    const shown = server.text(run.runId, { stream: "stderr" });

    const words = `the playbook was not fetched from ${base}/***/site.yml?…: HTTP status 404 Not Found`;
    expect(result.steps[0]).toMatchObject({ status: "failure", reason: `exit code 1: ${words}` });
    expect(server.text(run.runId)).toBe("");
    expect(shown).toMatch(/^the playbook was not fetched from \S+: HTTP status 404 Not Found\n$/);
    expect(shown).not.toMatch(/s3cret|0123abcd/);
    // At once, because the step had a secret.
    await until(() => fixture.runDirectories().length === 0);
  });

  test.runIf(process.getuid?.() === 0)(
    "is fetched with the rights of the step's user",
    async () => {
      const { server, dataDir } = fixture;
      answer = (_, response) => response.end("- hosts: all\n");
      await agentWithStandIn();
      server.acksResults = false;
      const inputs = { user: "nobody", dir: "/" };
      const run = assignment([playbookStep({ playbook: `${base}/site.yml` }, { inputs })]);

      server.assign(run);
      await server.result(run.runId);

      expect(server.text(run.runId)).toBe("- hosts: all\n");
      const fetched = statSync(`${dataDir}/runs/${run.runId}.1.1.1.1/playbook.yml`);
      expect(fetched.uid).toBe(userId("nobody"));
    },
  );

  test("is not waited for any more once the run is canceled", async () => {
    const { server } = fixture;
    const requested = hangingUp();
    await agentWithStandIn();
    const run = assignment([playbookStep({ playbook: `${base}/site.yml` })]);
    server.assign(run);
    const { closed } = await requested;

    server.stopRun(run.runId);
    const result = await server.result(run.runId);

    await closed;
    expect(result.steps[0]).toMatchObject({
      status: "canceled",
      reason: "canceled; its process tree was ended",
    });
    expect(server.text(run.runId, { stream: "stderr" })).toBe("");
  });

  test("counts into the time limit of its step", async () => {
    const { server } = fixture;
    void hangingUp();
    await agentWithStandIn();
    const limits = { cores: 0, cpu: 1, timeoutSeconds: 1 };
    const run = assignment([playbookStep({ playbook: `${base}/site.yml` }, { limits })]);

    server.assign(run);
    const result = await server.result(run.runId);

    expect(result.steps[0]).toMatchObject({
      status: "timeout",
      reason: "exceeded its time limit of 1 s; its process tree was ended",
    });
  });

  test("is refused, and nothing started, when a variable makes it one that no node could get", async () => {
    const { server } = fixture;
    await agentWithStandIn();
    const place = { type: "string", default: "s3://bucket", required: true, sensitive: false };
    const step = playbookStep(
      { playbook: "{{.PLACE}}/a.yml" },
      { expectedInputs: { PLACE: place } },
    );
    const run = assignment([step]);

    server.assign(run);
    const result = await server.result(run.runId);

    expect(result.steps[0]).toMatchObject({
      ...{ status: "failure", attemptCount: 0 },
      reason: expect.stringContaining("give a presigned https URL of the object"),
    });
  });
});

/** The server answers nothing; resolves with the end of the connection when it was asked. */
function hangingUp(): Promise<{ readonly closed: Promise<void> }> {
  return new Promise((resolve) => {
    answer = ({ socket }) => {
      resolve({ closed: new Promise((done) => socket.once("close", () => done())) });
    };
  });
}
