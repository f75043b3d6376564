// What the kernel says about a process, and how the benchmarks end the ones they started.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Clock ticks per second of /proc/PID/stat; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** User and system time that a process has used, ms. */
export function cpuMs(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in parentheses and may contain spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/** Resident memory of a process, bytes. */
function rssBytes(pid) {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)[1]) * 1024;
}

/** Watches a process's memory for a while and returns the median of the second half. */
export async function settledRssBytes(pid, watchMs) {
  const intervalMs = Math.max(20, watchMs / 20);
  const samples = [];
  for (let waited = 0; waited < watchMs; waited += intervalMs) {
    await delay(intervalMs);
    samples.push(rssBytes(pid));
  }
  const late = samples.slice(Math.floor(samples.length / 2)).sort((left, right) => left - right);
  return late[Math.floor(late.length / 2)];
}

/** Ends a child that we started: with SIGTERM, and with SIGKILL when it does not go. */
export async function endChild(child, graceMs = 5_000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(timer);
}

/** Kills a child at once, as a crash would, and waits until it is gone. */
export async function killChild(child) {
  const ended = new Promise((resolve) => {
    child.once("exit", resolve);
  });
  child.kill("SIGKILL");
  await ended;
}
