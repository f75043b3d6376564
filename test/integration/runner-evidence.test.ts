import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, isAlive, setup, shell, until, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

const leave = 'echo content > "$COURIER_ARTIFACTS/file.txt"';
const content = { "artifacts/file.txt": "content\n" };

function spooled(): readonly string[] {
  const directory = join(fixture.dataDir, "evidence");
  return existsSync(directory) ? readdirSync(directory) : [];
}

test("artifacts are handed in before the result, and then the node forgets them", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment([leave, "echo nothing"]);
  // The result would be the faster one.
  server.evidence.answers.push({ status: 503 }, { status: 503 }, { status: 503 });

  server.assign(run);
  const result = await server.result(run.runId);

  expect(server.evidence.files(run.runId)).toEqual(content);
  expect(result.steps[0]?.artifacts).toMatchObject([{ attempt: 1, fileCount: 1, leftOutCount: 0 }]);
  expect(result.steps[1]).not.toHaveProperty("artifacts");
  expect(spooled()).toEqual([]);
});

test("every attempt has its own directory and its own evidence, whatever became of it", async () => {
  const { server } = fixture;
  await fixture.agent();
  const script = 'echo $COURIER_ATTEMPT > "$COURIER_ARTIFACTS/attempt"\nexit $COURIER_ATTEMPT';
  const run = assignment([{ ...shell(script), retryCount: 1 }]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.steps[0]).toMatchObject({ status: "failure", exitCode: 2 });
  expect(result.steps[0]?.artifacts?.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(server.evidence.files(run.runId, { attempt: 1 })).toEqual({ "artifacts/attempt": "1\n" });
  expect(server.evidence.files(run.runId, { attempt: 2 })).toEqual({ "artifacts/attempt": "2\n" });
});

test("a secret of the run is masked in what its steps leave", async () => {
  const { server } = fixture;
  await fixture.agent();
  const step = {
    ...shell('echo "token is $TOKEN" > "$COURIER_ARTIFACTS/file.txt"'),
    inputs: { TOKEN: "hunter22hunter" },
    expectedInputs: { TOKEN: { default: "", required: true, sensitive: true, type: "string" } },
  };
  const run = assignment([step]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(server.evidence.files(run.runId)).toEqual({ "artifacts/file.txt": "token is ***\n" });
});

test("a transfer that breaks off goes on where the service says", async () => {
  const { server } = fixture;
  await fixture.agent();
  const run = assignment(['head -c 1200000 /dev/urandom > "$COURIER_ARTIFACTS/big"']);
  server.evidence.answers.push({ status: 503 }, "hangUp");

  server.assign(run);
  const result = await server.result(run.runId);

  const size = 512 * 1024;
  expect(server.evidence.offsets).toEqual([0, 0, 0, size, 2 * size]);
  expect(server.evidence.files(run.runId)).toHaveProperty(["artifacts/big"]);
  expect(result.status).toBe("success");
});

test("artifacts survive kill -9 of the agent, and so does the order of artifacts and result", async () => {
  const { server } = fixture;
  server.evidence.always = { status: 503 };
  const first = fixture.runner();
  await first.ready;
  const run = assignment([leave]);
  server.assign(run);
  await until(() => server.evidence.offsets.length > 0);

  await first.kill("SIGKILL");
  const spooledBetween = spooled();
  server.evidence.always = undefined;
  const second = fixture.runner();
  await second.ready;
  const result = await server.result(run.runId);

  expect(spooledBetween).toEqual([`${run.runId}.1.1.1.tar.gz`]);
  expect(server.evidence.files(run.runId)).toEqual(content);
  expect(result.steps[0]?.artifacts).toHaveLength(1);
});

test("what an attempt left while no agent was there is packed by the next one", async () => {
  const { server } = fixture;
  const first = fixture.runner();
  await first.ready;
  const gate = join(fixture.directory, "gate");
  const run = assignment([`mkfifo ${gate}\necho pid $$\nread line < ${gate}\n${leave}`]);
  server.assign(run);
  await server.waitFor((message) => message.type === "output");
  const pid = Number(/pid (\d+)/.exec(server.text(run.runId))?.[1]);

  await first.kill("SIGKILL");
  writeFileSync(gate, "go\n");
  await until(() => !isAlive(pid));
  const second = fixture.runner();
  await second.ready;
  await server.result(run.runId);

  expect(server.evidence.files(run.runId)).toEqual(content);
});

test("a service that takes no artifacts does not keep the result of a run that it wants ended", async () => {
  const { server } = fixture;
  server.evidence.always = { status: 503 };
  await fixture.agent();
  const run = assignment([leave]);
  server.assign(run);
  await until(() => server.evidence.offsets.length > 0);

  server.stopRun(run.runId);
  const result = await server.result(run.runId);

  expect(result).toMatchObject({ status: "success", steps: [{ artifacts: [{ fileCount: 1 }] }] });
  server.evidence.always = undefined;
  await until(() => server.evidence.files(run.runId) !== undefined);
});

test("what the service refuses for good is given up, and the result goes out", async () => {
  const { server } = fixture;
  server.evidence.always = { status: 409 };
  await fixture.agent();
  const run = assignment([leave]);

  server.assign(run);
  const result = await server.result(run.runId);

  expect(result.status).toBe("success");
  expect(spooled()).toEqual([]);
});
