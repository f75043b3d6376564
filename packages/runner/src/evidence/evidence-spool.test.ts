import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { artifactBytesMax, type AttemptArtifacts } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import { expect, onTestFinished, test } from "vitest";
import type { AttemptRecord } from "../journal/journal-record.ts";
import { silentLogger } from "../logger.ts";
import { SecretMask } from "../redact/redactor.ts";
import { SystemClock } from "../system-clock.ts";
import { EvidenceSpool } from "./evidence-spool.ts";

const attempt: AttemptRecord = {
  type: "attempt",
  runId: "496f0d9a-f0be-4cb7-8cbb-2285b5c42045",
  token: 1,
  at: 0,
  stepNumber: 2,
  attempt: 1,
  launch: 1,
  bootId: "boot",
};

interface Place {
  readonly spool: EvidenceSpool;
  readonly spoolDirectory: string;
  /** COURIER_ARTIFACTS. */
  readonly artifacts: string;
  /** The step's directory. */
  readonly work: string;
  keep(options?: {
    readonly secrets?: readonly string[];
    readonly withheld?: string;
    readonly sensitive?: readonly string[];
    readonly sources?: readonly string[];
    readonly userId?: number;
  }): Promise<AttemptArtifacts | undefined>;
  list(): readonly string[];
  read(path: string): string;
  outcomes(): Record<string, string>;
}

function setup(): Place {
  const directory = mkdtempSync(join(tmpdir(), "courier-evidence-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const runDirectory = join(directory, "run");
  const artifacts = join(runDirectory, "artifacts");
  const work = join(directory, "work");
  mkdirSync(artifacts, { recursive: true });
  mkdirSync(work);
  const spoolDirectory = join(directory, "evidence");
  const clock = new SystemClock();
  const spool = new EvidenceSpool({ directory: spoolDirectory, clock, logger: silentLogger });
  const archive = join(spoolDirectory, `${attempt.runId}.1.2.1.tar.gz`);
  const tar = (...args: readonly string[]): string =>
    execFileSync("tar", args, {
      encoding: "utf8",
      env: { LC_ALL: "C.UTF-8", PATH: "/usr/bin:/bin" },
    });
  return {
    ...{ spool, spoolDirectory, artifacts, work },
    keep: async ({ sources = [], sensitive = [], secrets = [], withheld, userId } = {}) => {
      const user = userId === undefined ? {} : { userId };
      const record = { ...attempt, directory: work, ...user };
      return await spool.keep(record, {
        ...{ runDirectory, step: stepWith(sources, sensitive) },
        privacy: { secrets: new SecretMask(secrets), withheld },
      });
    },
    list: () => tar("-tzf", archive, "--quoting-style=literal").split("\n").slice(0, -1),
    read: (path) => tar("-xOzf", archive, "--", path),
    outcomes: () => {
      const { files } = JSON.parse(tar("-xOzf", archive, "artifacts.json")) as {
        readonly files: readonly { readonly path: string; readonly outcome: string }[];
      };
      return Object.fromEntries(files.map(({ path, outcome }) => [path, outcome]));
    },
  };
}

function stepWith(sources: readonly string[], sensitive: readonly string[]): CanonicalStep {
  const rules = [...sources, ...sensitive].map((source, index) => [
    `RULE${index}`,
    {
      ...{ sourceType: "artifact", source, extractMethod: "content", expression: "" },
      ...{ required: false, sensitive: index >= sources.length },
    },
  ]);
  return {
    ...{ name: "step", description: "", command: {}, conditions: [], expectedInputs: {} },
    interpreter: {
      name: "chef-platform/shell-interpreter",
      skill: { minVersion: "", maxVersion: "" },
    },
    inputs: {},
    limits: { cores: 0, cpu: 1, timeoutSeconds: 0 },
    // Of a canonical job, as the generated type has it.
    outputFieldRules: Object.fromEntries(rules) as CanonicalStep["outputFieldRules"],
    retryCount: 0,
    failureBehavior: {
      action: "retryThenFail",
      retryBackoffStrategy: { type: "none", delaySeconds: 0, arguments: [] },
    },
  };
}

test("an attempt that left nothing leaves no archive", async () => {
  const place = setup();

  expect(await place.keep()).toBeUndefined();
  expect(existsSync(place.spoolDirectory)).toBe(false);
});

test("packs what is in the directory, in the order of names, with a manifest at the end", async () => {
  const place = setup();
  mkdirSync(join(place.artifacts, "deep/er"), { recursive: true });
  writeFileSync(join(place.artifacts, "z.txt"), "zed");
  writeFileSync(join(place.artifacts, "deep/er/ü.txt"), "umlaut");

  const summary = await place.keep();

  expect(summary).toMatchObject({ attempt: 1, fileCount: 2, leftOutCount: 0, reason: "" });
  expect(place.list()).toEqual(["artifacts/deep/er/ü.txt", "artifacts/z.txt", "artifacts.json"]);
  expect(place.read("artifacts/deep/er/ü.txt")).toBe("umlaut");
  expect(await place.spool.find(attempt)).toMatchObject({ sizeBytes: summary?.sizeBytes });
});

test("packs what the step's rules name, by path and by pattern, where it was", async () => {
  const place = setup();
  mkdirSync(join(place.work, "build/reports"), { recursive: true });
  writeFileSync(join(place.work, "build/reports/a.xml"), "a");
  writeFileSync(join(place.work, "build/reports/b.log"), "b");
  writeFileSync(join(place.artifacts, "kept.xml"), "kept");

  await place.keep({
    sources: ["build/**/*.xml", "kept.xml", join(place.work, "build/reports/?.log")],
  });

  expect(place.list()).toEqual([
    "artifacts/kept.xml",
    `files${place.work}/build/reports/a.xml`,
    `files${place.work}/build/reports/b.log`,
    "artifacts.json",
  ]);
});

test("says that nothing has the name of a rule", async () => {
  const place = setup();

  const summary = await place.keep({ sources: ["../../../none.txt"] });

  expect(summary).toMatchObject({ fileCount: 0, leftOutCount: 1 });
  expect(summary?.reason).toBe("left out: ../../../none.txt (missing: no file has this name)");
});

test("follows no link and waits for no pipe or socket", async () => {
  const place = setup();
  const secret = join(place.work, "secret");
  writeFileSync(secret, "secret");
  mkdirSync(join(place.work, "directory"));
  writeFileSync(join(place.work, "directory/inner"), "secret");
  symlinkSync(secret, join(place.artifacts, "link"));
  symlinkSync(join(place.work, "directory"), join(place.artifacts, "linked-directory"));
  execFileSync("sh", ["-c", `mkfifo "$0"`, join(place.artifacts, "pipe")]);
  const server = createServer().listen(join(place.artifacts, "socket"));
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));

  symlinkSync(secret, join(place.work, "other-link"));

  await place.keep({ sources: [join(place.artifacts, "link"), "other-link"] });

  expect(place.list()).toEqual(["artifacts.json"]);
  expect(place.outcomes()).toEqual({
    [`files${place.work}/other-link`]: "symbolicLink",
    "artifacts/link": "symbolicLink",
    "artifacts/linked-directory": "symbolicLink",
    "artifacts/pipe": "specialFile",
    "artifacts/socket": "specialFile",
  });
});

test("leaves out what is too large, keeps what still fits, and names it", async () => {
  const place = setup();
  writeFileSync(join(place.artifacts, "a-huge"), "");
  truncateSync(join(place.artifacts, "a-huge"), artifactBytesMax + 1);
  writeFileSync(join(place.artifacts, "b-small"), "small");

  const summary = await place.keep();

  expect(place.outcomes()).toEqual({ "artifacts/a-huge": "tooLarge", "artifacts/b-small": "kept" });
  expect(summary?.reason).toContain("artifacts/a-huge (tooLarge: 67108865 bytes");
});

test("reads nothing that belongs to another user than the step's", async () => {
  const place = setup();
  writeFileSync(join(place.work, "foreign"), "secret");
  linkSync(join(place.work, "foreign"), join(place.artifacts, "hard-link"));

  await place.keep({ userId: (process.getuid?.() ?? 0) + 4711 });

  expect(place.outcomes()).toEqual({ "artifacts/hard-link": "foreignOwner" });
});

test("tells of files that are not what their size says while they are read", async () => {
  const place = setup();

  await place.keep({
    sources: ["/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled"],
  });

  expect(place.outcomes()).toEqual({
    "files/proc/self/status": "keptChanged",
    "files/sys/kernel/mm/transparent_hugepage/enabled": "keptChanged",
  });
  // What was promised is filled up, so that the archive stays whole.
  expect(place.list()).toHaveLength(3);
});

test("leaves out what it may not read", async () => {
  const place = setup();
  writeFileSync(join(place.artifacts, "closed"), "closed", { mode: 0o000 });
  const isRoot = process.getuid?.() === 0;
  // Root reads everything: become nobody for a moment.
  if (isRoot) {
    for (const path of [place.artifacts, join(place.artifacts, "../..")]) {
      chmodSync(path, 0o777);
      chownSync(path, 65534, 65534);
    }
    process.seteuid?.(65534);
  }

  try {
    await place.keep();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }

  expect(place.outcomes()).toEqual({ "artifacts/closed": "unreadable" });
});

test("leaves out names that are no text", async () => {
  const place = setup();
  writeFileSync(
    Buffer.concat([Buffer.from(`${place.artifacts}/`), Buffer.from([0xff, 0x61])]),
    "x",
  );

  await place.keep();

  expect(place.outcomes()).toEqual({ "artifacts/\ufffda": "unusableName" });
});

test("a spool that cannot be written is an outcome, not a failure", async () => {
  const place = setup();
  writeFileSync(join(place.artifacts, "file"), "content");
  writeFileSync(place.spoolDirectory, "not a directory");

  const summary = await place.keep();

  expect(summary).toMatchObject({ fileCount: 0, sha256: "" });
  expect(summary?.reason).toMatch(/^the artifacts could not be packed: E/);
});

test("after a crash, what is half written goes and what is whole is found again", async () => {
  const place = setup();
  writeFileSync(join(place.artifacts, "file"), "content");
  await place.keep();
  writeFileSync(join(place.spoolDirectory, "x.1.1.1.tar.gz.new"), "half");

  const keys = await place.spool.recover();

  const { runId, token, stepNumber } = attempt;
  expect(keys).toEqual([{ runId, token, stepNumber, attempt: 1 }]);
  expect(readdirSync(place.spoolDirectory)).toHaveLength(1);
});

test("masks secrets in files, also across the pieces they are read in, and in names", async () => {
  const place = setup();
  const padding = "x".repeat(256 * 1024 - 3);
  writeFileSync(join(place.artifacts, "hunter22.txt"), `${padding}hunter22 end`);
  symlinkSync("/", join(place.artifacts, "link-hunter22"));

  const summary = await place.keep({ secrets: ["hunter22"] });

  expect(place.list()).toEqual(["artifacts/***.txt", "artifacts.json"]);
  expect(place.read("artifacts/***.txt")).toBe(`${padding}*** end`);
  expect(place.outcomes()).toEqual({
    "artifacts/***.txt": "kept",
    "artifacts/link-***": "symbolicLink",
  });
  expect(summary?.reason).toBe("left out: artifacts/link-*** (symbolicLink)");
  expect(readdirSync(place.spoolDirectory)).toHaveLength(1);
});

test("leaves out what a sensitive output is taken from", async () => {
  const place = setup();
  writeFileSync(join(place.artifacts, "token"), "secret");
  writeFileSync(join(place.artifacts, "report"), "report");

  await place.keep({ sensitive: ["token"] });

  expect(place.outcomes()).toEqual({ "artifacts/token": "sensitive", "artifacts/report": "kept" });
});

test("keeps nothing when there are secrets that cannot be masked", async () => {
  const place = setup();
  writeFileSync(join(place.artifacts, "report"), "secret");

  const summary = await place.keep({ withheld: "too many secrets" });

  expect(summary).toMatchObject({ fileCount: 0, sha256: "" });
  expect(summary?.reason).toContain("withheld: too many secrets");
  expect(existsSync(place.spoolDirectory)).toBe(false);
});
