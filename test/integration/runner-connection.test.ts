import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, type } from "node:os";
import { join } from "node:path";
import type { Logger } from "@courier/runner";
import { FakeClock } from "@courier/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assignment, setup, type RunnerFixture } from "./runner-fixture.ts";

let fixture: RunnerFixture;

beforeEach(async () => {
  fixture = await setup();
});

afterEach(async () => {
  await fixture.dispose();
});

test("enrols once and tells what it is", async () => {
  const { server } = fixture;
  const runner = fixture.runner("--tag", "role=web", "--tag", "rack=7");
  const ready = await runner.ready;
  await runner.kill("SIGTERM");
  const again = fixture.runner();

  expect(await again.ready).toEqual(ready);
  expect(ready).toEqual({ event: "ready", nodeId: expect.any(String), name: "node-1" });
  expect(server.enrollBodies).toEqual([
    {
      key: "key",
      name: "node-1",
      publicKey: expect.any(String),
      attributes: {
        agent: expect.objectContaining({
          agent_version: "0.1.0",
          hostname: hostname(),
          kernel_name: type(),
          primary_ip: expect.stringMatching(/^[\d.]+$/),
        }),
        gohai: expect.objectContaining({ kernel_name: type() }),
        tags: { role: "web", rack: "7" },
      },
    },
  ]);
});

test("keeps no shared secret, and its own key to itself", async () => {
  const runner = fixture.runner("--enrollment-key", "very-secret-key");
  await runner.ready;
  await runner.kill("SIGTERM");
  const files = readdirSync(fixture.dataDir).filter(
    (name) => !["evidence", "runs", "spare"].includes(name),
  );

  expect(statSync(join(fixture.dataDir, "node-key.pem")).mode & 0o777).toBe(0o600);
  expect(files).not.toContain("lock");
  for (const name of files) {
    expect(readFileSync(join(fixture.dataDir, name), "utf8")).not.toContain("very-secret-key");
  }
  expect(runner.stderr()).not.toContain("very-secret-key");
});

test("comes back with the same key when the answer to its enrolment got lost", async () => {
  const { server } = fixture;
  server.enrollAnswers.push("hangUp");
  await fixture.agent({ random: () => 0 });

  const [first, second] = server.enrollBodies;
  expect(server.enrollBodies).toHaveLength(2);
  expect(second).toEqual(first);
});

test.each([
  {
    ...{ code: "ENROLLMENT_KEY_INVALID", status: 403, exitCode: 3 },
    message: 'the enrolment key "key" has expired',
  },
  {
    ...{ code: "NODE_NAME_TAKEN", status: 409, exitCode: 5 },
    message: 'another node is named "node-1"',
  },
])("ends with a clear message when refused: $code", async (refusal) => {
  const { code, status, exitCode, message } = refusal;
  fixture.server.enrollAnswers.push({ status, body: { error: { code, message } } });
  const runner = fixture.runner();

  expect(await runner.exited).toEqual({ code: exitCode, signal: null });
  expect(runner.stderr()).toContain(`courier-runner: enrolment refused: ${message} (`);
});

test("ends with a clear message when there is nothing to enrol with", async () => {
  const runner = fixture.runner("--enrollment-key", "");

  expect((await runner.exited).code).toBe(3);
  expect(runner.stderr()).toContain("start it once with --enrollment-key");
});

test("waits for a service that is not there yet", async () => {
  const { server } = fixture;
  await server.stop();
  const runner = fixture.runner();
  await new Promise<void>((resolve) => {
    runner.child.stderr?.on("data", () => {
      if (runner.stderr().includes("enrolment failed, trying again")) resolve();
    });
  });

  await server.start();

  expect(await runner.ready).toMatchObject({ event: "ready" });
});

test("takes nothing from a service that is not the one it enrolled with", async () => {
  const { server, witness } = fixture;
  const agent = await fixture.agent();
  await agent.stop("restart");
  server.isImpostor = true;
  const { logger, nextWarning } = listeningLogger();
  const refused = nextWarning();
  const hello = server.nextHello();
  void fixture.agent({ logger, clock: new FakeClock() });
  await hello;
  server.assign(assignment([`echo ran >> ${witness}`]));

  expect(await refused).toMatchObject({
    reason: "the service cannot prove that it is the one this node enrolled with",
    isRetryable: false,
  });
  expect(fixture.readWitness()).toBe("");
});

test("closes a connection on which nothing answers, and connects again", async () => {
  const { server } = fixture;
  const clock = new FakeClock();
  const { logger, nextWarning } = listeningLogger();
  await fixture.agent({ clock, logger });
  server.deafen();

  const again = server.nextHello();
  const lost = nextWarning();
  for (let heartbeat = 0; heartbeat < 5; heartbeat += 1) {
    await clock.advance(server.heartbeatIntervalMs);
  }
  const warning = await lost;
  server.hearAgain();
  // The longest first wait; much more would let the next handshake time out on this clock.
  await clock.advance(250);

  expect(warning).toMatchObject({ reason: "no answer from the service to 3 heartbeats" });
  expect(await again).toMatchObject({ type: "hello" });
});

test("sends heartbeats while a step runs", async () => {
  const { server } = fixture;
  server.heartbeatIntervalMs = 20;
  await fixture.agent();
  server.assign(assignment(["sleep 300"]));

  await server.waitFor((message) => message.type === "started");
  const first = await server.next((message) => message.type === "heartbeat");
  const second = await server.next((message) => message.type === "heartbeat");

  expect(second).not.toEqual(first);
});

test("obeys a goodbye that says not to come back soon", async () => {
  const { server } = fixture;
  const clock = new FakeClock();
  const { logger, nextWarning } = listeningLogger();
  await fixture.agent({ clock, logger });
  const again = server.nextHello();
  let isBack = false;
  void again.then(() => {
    isBack = true;
  });

  const gone = nextWarning();
  server.send({ type: "goodbye", code: "ARCHIVED", reason: "node is archived", retryable: false });
  await gone;
  await clock.advance(29_000);
  const wasBackSoon = isBack;
  await clock.advance(1_000);

  expect(wasBackSoon).toBe(false);
  expect(await again).toMatchObject({ type: "hello" });
});

test("one process owns a data directory; a dead owner's lock does not count", async () => {
  const first = fixture.runner();
  await first.ready;
  const second = fixture.runner();
  const refused = await second.exited;
  await first.kill("SIGKILL");
  const third = fixture.runner();

  expect(refused).toEqual({ code: 2, signal: null });
  expect(second.stderr()).toContain(`another courier-runner (pid ${first.child.pid}) uses this`);
  expect(await third.ready).toMatchObject({ event: "ready" });
});

test("needs less than 80 MiB when idle", async () => {
  const runner = fixture.runner();
  await runner.ready;

  const status = readFileSync(`/proc/${runner.child.pid}/status`, "utf8");
  const residentKiB = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);

  expect(residentKiB).toBeLessThan(80 * 1024);
});

const canMount = process.platform === "linux" && process.getuid?.() === 0 && tryMount();

test.runIf(canMount)(
  "refuses a run when the disk is full, lives on, and takes the next",
  async () => {
    const { server, dataDir, witness } = fixture;
    mkdirSync(dataDir);
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", dataDir]);
    try {
      const agent = await fixture.agent();
      const filler = join(dataDir, "filler");
      fill(filler);
      const refused = assignment([`echo refused >> ${witness} # ${"x".repeat(20_000)}`]);
      server.assign(refused);
      const result = await server.result(refused.runId);
      rmSync(filler);
      const taken = assignment([`echo taken >> ${witness}`]);
      server.assign(taken);
      await server.result(taken.runId);

      expect(result).toMatchObject({ status: "failure", startedAt: null });
      expect(result.reason).toContain("refused by the node: the node's journal cannot be written");
      expect(result.reason).toContain("ENOSPC");
      expect(fixture.readWitness()).toBe("taken\n");
      await agent.stop("test is over");
    } finally {
      execFileSync("/bin/umount", ["-l", dataDir]);
    }
  },
);

/** A logger whose warnings can be waited for: the agent warns once its wait before the next connection has begun. */
function listeningLogger(): {
  readonly logger: Logger;
  readonly nextWarning: () => Promise<object>;
} {
  const waiting: ((fields: object) => void)[] = [];
  const nothing = (): void => undefined;
  const warn = (fields: object): void => {
    // The timer is set in the same turn, right after the warning.
    setImmediate(() => {
      for (const resolve of waiting.splice(0)) resolve(fields);
    });
  };
  const nextWarning = async (): Promise<object> =>
    await new Promise((resolve) => {
      waiting.push(resolve);
    });
  return { logger: { debug: nothing, info: nothing, error: nothing, warn }, nextWarning };
}

function fill(path: string): void {
  try {
    writeFileSync(path, Buffer.alloc(1024 * 1024));
  } catch {
    // Full: that is what was wanted.
  }
}

/** Containers often may not. */
function tryMount(): boolean {
  const directory = join("/tmp", `courier-mount-${process.pid}`);
  mkdirSync(directory);
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "tmpfs", directory], { stdio: "ignore" });
    execFileSync("/bin/umount", [directory]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
