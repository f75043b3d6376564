// `npm test`: everything that must hold, in one command, also on a machine that has nothing but Node.
// Plain Node 20 without dependencies, because it runs before `npm ci`.

import { rmSync, mkdirSync } from "node:fs";

import { runCommand } from "./run/command.mjs";
import { checkNodeVersion, findPostgres, installMissing } from "./run/prerequisites.mjs";
import { logDirectory, root, stages } from "./run/stages.mjs";
import { addTotals, failedOnce, noTotals, runStage } from "./run/stage.mjs";

const isCi = process.env.CI === "true";

const usage = `usage: npm test -- [--only STAGE[,STAGE…]]
stages: ${stages.map((stage) => stage.name).join(" ")}`;

process.exitCode = await main(process.argv.slice(2));

/** Runs the chosen stages and returns the exit code: 0 only when nothing failed, 2 for wrong usage. */
async function main(args) {
  const only = parseOnly(args);
  if (only.error !== undefined) {
    console.error(`${only.error}\n${usage}`);
    return 2;
  }
  const nodeProblem = checkNodeVersion(process.versions.node);
  if (nodeProblem !== undefined) return finish([nodeProblem], failedOnce);
  rmSync(logDirectory, { recursive: true, force: true });
  mkdirSync(logDirectory, { recursive: true });

  const prepared = await prepare();
  if (prepared.fatal) return finish(prepared.failures, prepared.totals);
  return runStages({ ...prepared, chosen: stages.filter((stage) => only.has(stage.name)) });
}

async function prepare() {
  const failures = [];
  let totals = noTotals;
  const problem = await installMissing({ root, run: runCommand, logDirectory });
  if (problem !== undefined) {
    return { fatal: true, failures: [problem], totals: failedOnce, env: {} };
  }
  const postgres = await findPostgres({ run: runCommand, logDirectory });
  if (postgres.binDirectory === undefined) {
    console.log(`postgresql: ${postgres.problem}`);
    console.log("  left out: the PostgreSQL half of conformance, integration, e2e and bench");
    if (isCi) failures.push("postgresql: every suite must run when CI=true");
    totals = addTotals(totals, isCi ? failedOnce : { ...noTotals, skipped: 1 });
  } else {
    console.log(`postgresql: ${postgres.binDirectory}`);
  }
  const env = postgres.binDirectory === undefined ? {} : { COURIER_PG_BIN: postgres.binDirectory };
  return { fatal: false, failures, totals, env };
}

async function runStages({ chosen, failures, totals, env }) {
  let sum = totals;
  const problems = [...failures];
  for (const stage of chosen) {
    const result = await runStage(stage, { env, isCi });
    sum = addTotals(sum, result.totals);
    if (result.failure === undefined) continue;
    // Said once more at the end, because the end is what is left of a log that was cut.
    problems.push([`${stage.name}: ${result.failure}`, ...(result.details ?? [])].join("\n    "));
  }
  return finish(problems, sum);
}

function finish(failures, totals) {
  if (failures.length > 0) console.log("\nfailed:");
  for (const failure of failures) console.log(`  ${failure}`);
  const { passed, failed, skipped } = totals;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 && failures.length === 0 ? 0 : 1;
}

function parseOnly(args) {
  const known = new Set(stages.map((stage) => stage.name));
  if (args.length === 0) return known;
  const list = args[0] === "--only" ? args[1] : args[0]?.match(/^--only=(.+)$/)?.[1];
  const isLast = args.length === (args[0] === "--only" ? 2 : 1);
  if (list === undefined || !isLast) return { error: `not understood: ${args.join(" ")}` };
  const names = list.split(",");
  const unknown = names.find((name) => !known.has(name));
  return unknown === undefined ? new Set(names) : { error: `no such stage: ${unknown}` };
}
