import { accessSync, constants, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import type { CourierClient } from "@courier/client";
import { CourierError } from "@courier/core";
import type { InstanceDetail, Run } from "@courier/schema";

import { junitRunsMax } from "./limits.ts";

/** What a report is made of. */
interface Report {
  readonly client: CourierClient;
  readonly instance: InstanceDetail;
  readonly signal: AbortSignal;
  /** Runs that it may hold, a multiple of what the service gives at once; default `junitRunsMax`. */
  readonly runsMax?: number;
}

/** Throws a usage error when no report can be written there: to be asked before there is something to report. */
export function checkJunitPath(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  try {
    if (there?.isDirectory() === true) throw new Error("it is a directory");
    accessSync(there === undefined ? dirname(path) : path, constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** Writes a JUnit XML report of an instance: one test case per run, one suite per group. */
export async function writeJunit(path: string, report: Report): Promise<void> {
  const runs = await readAllRuns(report);
  const xml = renderJunit(report.instance, runs);
  try {
    await writeFile(path, xml);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): CourierError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `cannot write the JUnit report ${JSON.stringify(path)}: ${reason}`;
  return new CourierError("USAGE", message, { cause });
}

/** The report as text. Outcomes that say nothing about the step (undeliverable, unknown) are errors, not failures. */
export function renderJunit(instance: InstanceDetail, runs: readonly Run[]): string {
  const suites = instance.groups.map((group) =>
    renderSuite(
      instance,
      group.groupNumber,
      runs.filter((run) => run.groupNumber === group.groupNumber),
    ),
  );
  const name = escapeXml(`instance ${instance.id}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" ${totals(runs)}>`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

async function readAllRuns(report: Report): Promise<readonly Run[]> {
  const { client, instance, runsMax = junitRunsMax } = report;
  // A page this large comes in parts.
  const query = { page: 1, size: runsMax };
  const { items, totalItems } = await client.listInstanceRuns(instance.id, query, report);
  if (totalItems <= runsMax) return items;
  const message = `the instance has ${totalItems} runs, a JUnit report may have ${runsMax}`;
  throw new CourierError("USAGE", message);
}

function renderSuite(instance: InstanceDetail, groupNumber: number, runs: readonly Run[]): string {
  const name = escapeXml(`group ${groupNumber}`);
  const timestamp = escapeXml((instance.startedAt ?? instance.createdAt).replace(/(\.\d+)?Z$/, ""));
  const cases = runs.map((run) => renderCase(run, `job ${instance.jobId} group ${groupNumber}`));
  return [
    `  <testsuite name="${name}" timestamp="${timestamp}" ${totals(runs)}>`,
    ...cases,
    "  </testsuite>",
  ].join("\n");
}

function renderCase(run: Run, className: string): string {
  const head = `    <testcase name="${escapeXml(`node ${run.nodeName ?? run.nodeId}`)}" classname="${escapeXml(className)}" time="${seconds(run)}"`;
  const kind = kindOf(run);
  if (kind === "passed") return `${head}/>`;
  const reason = run.reason === undefined ? "" : `: ${run.reason}`;
  const message = escapeXml(`run ${run.runId} ended ${run.status}${reason}`);
  const inner =
    kind === "skipped"
      ? `<skipped message="${message}"/>`
      : `<${kind} type="${escapeXml(run.status)}" message="${message}"/>`;
  return `${head}>${inner}</testcase>`;
}

function totals(runs: readonly Run[]): string {
  const count = (kind: string): number => runs.filter((run) => kindOf(run) === kind).length;
  const time = runs.reduce((sum, run) => sum + Number(seconds(run)), 0).toFixed(3);
  return `tests="${runs.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}" time="${time}"`;
}

function kindOf(run: Run): "passed" | "failure" | "error" | "skipped" {
  switch (run.status) {
    case "success":
      return "passed";
    case "failure":
    case "timeout":
      return "failure";
    case "skipped":
    case "canceled":
      return "skipped";
    case "pending":
    case "dispatched":
    case "running":
    case "undeliverable":
    case "unknown":
      return "error";
  }
}

function seconds(run: Run): string {
  const ms = Date.parse(run.lastUpdateTime) - Date.parse(run.receivedTime);
  return (Number.isFinite(ms) ? Math.max(0, ms) / 1000 : 0).toFixed(3);
}

function escapeXml(text: string): string {
  return (
    text
      // XML 1.0 has no way to write these characters at all.
      .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, (found) => ("\t\n".includes(found) ? found : "\ufffd"))
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\n", "&#10;")
  );
}
