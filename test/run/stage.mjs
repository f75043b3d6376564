// Runs one stage and says what came of it.

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { runCommand } from "./command.mjs";
import { logDirectory, root } from "./stages.mjs";

const tailLines = 120;
const failuresShown = 20;
const reasonLines = 3;
const reasonLength = 300;

export const noTotals = { passed: 0, failed: 0, skipped: 0 };
export const failedOnce = { passed: 0, failed: 1, skipped: 0 };

export function addTotals(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** Runs a stage; returns its totals and, when it failed, why. */
export async function runStage(stage, { env, isCi }) {
  console.log(`== ${stage.name}`);
  if (!hasFiles(stage)) return reportNoFiles(stage, isCi);
  const startedAt = performance.now();
  const logFile = join(logDirectory, `${stage.name}.log`);
  const outcome = stage.suite
    ? await runSuite({ stage, env, logFile })
    : await runCommands({ stage, env, logFile });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const { passed, failed, skipped } = outcome.totals;
  const counts = stage.suite ? `: ${passed} passed, ${failed} failed, ${skipped} skipped` : "";
  console.log(`   ${outcome.failure === undefined ? "ok" : "FAILED"} in ${seconds} s${counts}`);
  if (outcome.failure !== undefined) showTail(logFile);
  return outcome;
}

function reportNoFiles(stage, isCi) {
  console.log("   no files");
  if (!isCi) return { totals: noTotals };
  return { totals: failedOnce, failure: `no files in ${stage.needs}` };
}

function hasFiles(stage) {
  if (stage.needs === undefined) return true;
  const path = join(root, stage.needs);
  if (!existsSync(path)) return false;
  return statSync(path).isFile() || hasTests(path);
}

function hasTests(directory) {
  return readdirSync(directory, { withFileTypes: true }).some((entry) => {
    if (!entry.isDirectory()) return entry.name.endsWith(".test.ts");
    return !["node_modules", "dist"].includes(entry.name) && hasTests(join(directory, entry.name));
  });
}

/** All commands run, also after one has failed: a person wants to see every problem at once. */
async function runCommands({ stage, env, logFile }) {
  const reasons = [];
  for (const command of stage.commands) {
    const limitMs = stage.limitSeconds * 1000;
    const { ok, reason } = await runCommand({ command, cwd: root, env, logFile, limitMs });
    if (!ok) reasons.push(reason);
  }
  if (reasons.length === 0) return { totals: { ...noTotals, passed: 1 } };
  return { totals: failedOnce, failure: reasons.join(", ") };
}

async function runSuite({ stage, env, logFile }) {
  const reportFile = join(logDirectory, `${stage.name}.json`);
  rmSync(reportFile, { force: true });
  const command = [
    join(root, "node_modules", ".bin", "vitest"),
    "run",
    `--project=${stage.name}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${reportFile}`,
  ];
  const limitMs = stage.limitSeconds * 1000;
  const { ok, reason } = await runCommand({ command, cwd: root, env, logFile, limitMs });
  const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, "utf8")) : undefined;
  const totals = report === undefined ? noTotals : readTotals(report);
  if (ok && totals.passed + totals.failed + totals.skipped > 0) return { totals };
  // A suite that cannot be loaded, hangs, or runs no test has failed though no test of it has.
  const failure = ok ? "no test ran" : totals.failed > 0 ? `${totals.failed} failed` : reason;
  const details = report === undefined ? [] : readFailures(report);
  return { totals: { ...totals, failed: Math.max(totals.failed, 1) }, failure, details };
}

function readTotals(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** One line for each test that failed, and for each file that could not be loaded: where, and why in brief. */
function readFailures(report) {
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && status === "failed") return [`${file}: ${briefly(message)}`];
    return failed.map(
      (test) => `${file} > ${test.fullName}: ${briefly(test.failureMessages.join("\n"))}`,
    );
  });
  const left = failures.length - failuresShown;
  return left > 0 ? [...failures.slice(0, failuresShown), `… and ${left} more`] : failures;
}

/** The first lines without stack: a property's seed and counterexample are in the second and third. */
function briefly(text) {
  const lines = stripVTControlCharacters(text).split("\n");
  const said = lines.filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return said.slice(0, reasonLines).join(" ").slice(0, reasonLength);
}

function showTail(logFile) {
  // Some tools print colours whatever they are told.
  const lines = stripVTControlCharacters(readFileSync(logFile, "utf8")).trimEnd().split("\n");
  const path = relative(root, logFile);
  if (lines.length > tailLines) {
    console.log(`   … the last ${tailLines} of ${lines.length} lines of ${path}:`);
  }
  for (const line of lines.slice(-tailLines)) console.log(`   | ${line}`);
}
