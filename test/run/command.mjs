// Starts one command with a time limit and ends everything it started when the limit is reached.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

const killGraceMs = 10_000;

/** Process groups that are running now: an interrupted `npm test` must not leave them behind. */
const runningGroups = new Set();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => {
    for (const group of runningGroups) killGroup(group, "SIGKILL");
    process.exit(130);
  });
}

/**
 * Runs `command` (an argv array) with all output in `logFile`.
 * Returns `{ ok, reason }`; `reason` is the exit code, the signal, or the limit that was exceeded.
 */
export async function runCommand({ command, cwd, env = {}, logFile, limitMs }) {
  const log = createWriteStream(logFile, { flags: "a" });
  log.write(`$ ${command.join(" ")}\n`);
  const outcome = await supervise({ command, cwd, env, log, limitMs });
  log.end();
  await finished(log);
  return outcome;
}

function supervise({ command, cwd, env, log, limitMs }) {
  const [file, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.pid !== undefined) runningGroups.add(child.pid);
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });

    let limitReached = false;
    const timers = [
      setTimeout(() => {
        limitReached = true;
        killGroup(child.pid, "SIGTERM");
      }, limitMs),
      setTimeout(() => killGroup(child.pid, "SIGKILL"), limitMs + killGraceMs),
    ];
    const settle = (outcome) => {
      for (const timer of timers) clearTimeout(timer);
      runningGroups.delete(child.pid);
      resolve(outcome);
    };
    child.once("error", (error) => settle({ ok: false, reason: error.message }));
    child.once("exit", (code, signal) => {
      // What is left of the group would hold the pipes open (and the machine busy) for ever.
      killGroup(child.pid, "SIGKILL");
      child.once("close", () => settle(toOutcome({ code, signal, limitReached, limitMs })));
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 2_000).unref();
    });
  });
}

function toOutcome({ code, signal, limitReached, limitMs }) {
  if (limitReached) return { ok: false, reason: `not finished after ${limitMs / 1000} s` };
  if (signal !== null) return { ok: false, reason: `ended by ${signal}` };
  return { ok: code === 0, reason: `exit code ${code}` };
}

function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group has ended already, which is what was wanted.
    if (error.code !== "ESRCH") throw error;
  }
}
