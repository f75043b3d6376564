import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { assertNever, type SourceText } from "@courier/core";
import type { CanonicalOutputFieldRule } from "@courier/schema";
import { findArtifactFiles } from "../evidence/artifact-sources.ts";
import { readAsUserTimeoutMs, sourceBytesMax } from "../limits.ts";
import type { Account } from "./account.ts";
import { artifactsPath, outputFlags, outputPath } from "./run-directory.ts";

/** An attempt that has ended, as far as its values are concerned. */
export interface EndedAttempt {
  readonly runDirectory: string;
  /** Null: it did not end by itself. */
  readonly exitCode: number | null;
  /** Where the step's relative paths start. */
  readonly directory: string;
  readonly account: Account;
  /** Whether the step ran as somebody else than the agent. */
  readonly switchesUser: boolean;
}

/** Reads what an output rule is applied to, no more than `sourceBytesMax` of it. */
export async function readSource(
  rule: CanonicalOutputFieldRule,
  attempt: EndedAttempt,
): Promise<SourceText> {
  switch (rule.sourceType) {
    case "exitCode":
      return attempt.exitCode === null
        ? { text: undefined, problem: "the step did not exit by itself" }
        : { text: `${attempt.exitCode}`, problem: "" };
    case "output": {
      const stream = rule.source === "stderr" ? "stderr" : "stdout";
      return await readFile(outputPath(attempt.runDirectory, stream), {
        name: stream,
        flags: outputFlags,
      });
    }
    case "file":
      return await readNodeFile(resolve(attempt.directory, rule.source), attempt);
    case "artifact":
      return await readArtifact(rule.source, attempt);
    default:
      return assertNever(rule.sourceType, "source type");
  }
}

/** Of several files that a pattern names, the first. */
async function readArtifact(source: string, attempt: EndedAttempt): Promise<SourceText> {
  const { runDirectory, directory } = attempt;
  const places = { artifactsDirectory: artifactsPath(runDirectory), directory };
  const [path] = await findArtifactFiles(source, places);
  if (path === undefined) return { text: undefined, problem: `there is no artifact "${source}"` };
  return await readNodeFile(path, attempt);
}

/** A file that the step's own user may read: the agent may be root, and a step must not read with its rights. */
async function readNodeFile(path: string, attempt: EndedAttempt): Promise<SourceText> {
  return attempt.switchesUser
    ? await readAs(attempt.account, path)
    : await readFile(path, { name: `file "${path}"`, flags: fileFlags });
}

/** Without O_NONBLOCK opening a named pipe would wait for its other end. */
const fileFlags: number = constants.O_RDONLY | constants.O_NONBLOCK;

async function readFile(
  path: string,
  { name, flags }: { readonly name: string; readonly flags: number },
): Promise<SourceText> {
  try {
    const file = await open(path, flags);
    try {
      if (!(await file.stat()).isFile()) return { text: undefined, problem: `${name} is no file` };
      const buffer = Buffer.alloc(Math.min((await file.stat()).size, sourceBytesMax) + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return textOf(buffer.subarray(0, bytesRead), name);
    } finally {
      await file.close();
    }
  } catch (error) {
    return { text: undefined, problem: `${name} cannot be read: ${messageOf(error)}` };
  }
}

/** The kernel decides what the user may read, on the whole path. */
function readAs({ userId, groupId }: Account, path: string): Promise<SourceText> {
  const name = `file "${path}"`;
  const options = {
    ...{ uid: userId, gid: groupId, cwd: "/", encoding: "buffer" as const },
    ...{ timeout: readAsUserTimeoutMs, maxBuffer: sourceBytesMax + 1024 },
  };
  const argv = ["-c", `${sourceBytesMax + 1}`, "--", path];
  return new Promise((done) => {
    execFile("head", argv, options, (error, stdout, stderr) => {
      if (error === null) return done(textOf(stdout, name));
      const why = stderr.toString("utf8").trim().slice(0, 200);
      done({ text: undefined, problem: `${name} cannot be read: ${why}` });
    });
  });
}

function textOf(bytes: Buffer, name: string): SourceText {
  const isWhole = bytes.length <= sourceBytesMax;
  const problem = isWhole ? "" : `${name} is larger than ${sourceBytesMax} bytes`;
  return { text: bytes.subarray(0, sourceBytesMax).toString("utf8"), problem };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
