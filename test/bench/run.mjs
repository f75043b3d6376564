// npm run bench: measures the figures that this project is held to. JSON lines on stdout, progress on stderr.

import { parseArgs } from "node:util";

import { whyUnavailable } from "@courier/testkit";

import { bars } from "./bars.mjs";
import { run as cliStart } from "./cli-start.mjs";
import { run as dispatchLatency } from "./dispatch-latency.mjs";
import { run as fanOut } from "./fan-out.mjs";
import { run as filterResolution } from "./filter-resolution.mjs";
import { run as idleMemory } from "./idle-memory.mjs";
import { run as idleRss } from "./idle-rss.mjs";
import { run as largeInstance } from "./large-instance.mjs";
import { describeMachine, loadPerCpu } from "./machine.mjs";
import { run as processFanOut } from "./process-fan-out.mjs";
import { run as restart } from "./restart.mjs";
import { run as scheduledJobs } from "./scheduled-jobs.mjs";
import { rounded } from "./statistics.mjs";

const benchmarks = {
  "dispatch-latency": dispatchLatency,
  "fan-out": fanOut,
  "process-fan-out": processFanOut,
  "idle-memory": idleMemory,
  "large-instance": largeInstance,
  restart,
  "idle-rss": idleRss,
  "filter-resolution": filterResolution,
  "scheduled-jobs": scheduledJobs,
  "cli-start": cliStart,
};

const { values: options } = parseArgs({
  options: {
    smoke: { type: "boolean", default: false },
    only: { type: "string" },
    database: { type: "string", default: "both" },
    profile: { type: "string" },
  },
});
const machine = describeMachine();
const loadBefore = rounded(loadPerCpu());
if (loadBefore > 0.3)
  say(`the machine is busy (load per CPU ${loadBefore}): figures will be too bad`);
let missedCount = 0;
let brokenCount = 0;

for (const name of chosenBenchmarks()) {
  say(`${name}`);
  try {
    await benchmarks[name]({
      isSmoke: options.smoke,
      databases: chosenDatabases(),
      profileDirectory: options.profile,
      report,
      say: (text) => say(`  ${text}`),
    });
  } catch (error) {
    brokenCount += 1;
    say(`  failed: ${error.stack}`);
  }
}
process.exitCode = brokenCount > 0 || (missedCount > 0 && !options.smoke) ? 1 : 0;

/** Prints a figure; a smoke run measures too little to judge it. */
function report(figure, value, { samples, detail } = {}) {
  const { unit, bar, want, isBetter } = bars[figure];
  const pass = options.smoke ? null : isBetter(value, bar);
  if (pass === false) missedCount += 1;
  const judged = { figure, value: rounded(value), unit, bar, want, pass };
  const line = { ...judged, samples, detail, machine, loadBefore };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  const verdict = pass === null ? "" : judge({ pass, isWanted: isBetter(value, want) });
  say(`  ${figure}: ${rounded(value)} ${unit} (bar ${bar}, want ${want})${verdict}`);
}

function judge({ pass, isWanted }) {
  if (!pass) return ": misses the bar";
  return isWanted ? ": as we want it" : ": meets the bar";
}

function chosenBenchmarks() {
  if (options.only === undefined) return Object.keys(benchmarks);
  const names = options.only.split(",");
  const unknown = names.find((name) => !(name in benchmarks));
  if (unknown === undefined) return names;
  fail(`--only ${unknown}: expected some of ${Object.keys(benchmarks).join(", ")}`);
}

function chosenDatabases() {
  if (options.database === "both") return ["sqlite", "postgres"].filter(isAvailable);
  if (["sqlite", "postgres"].includes(options.database)) return [options.database];
  fail(`--database ${options.database}: expected sqlite, postgres or both`);
}

/** Under CI nothing is left out: what is missing then fails when it is started. */
function isAvailable(kind) {
  const reason = whyUnavailable(kind);
  if (reason !== undefined) say(`left out: ${kind} (${reason})`);
  return reason === undefined;
}

function fail(message) {
  say(message);
  process.exit(2);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}
