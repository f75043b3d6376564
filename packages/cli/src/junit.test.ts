import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, Secret, type CourierClient } from "@courier/client";
import type { InstanceDetail, Run } from "@courier/schema";
import { describe, expect, it, onTestFinished } from "vitest";

import { renderJunit, writeJunit } from "./junit.ts";

const counts = {
  pending: 0,
  dispatched: 0,
  success: 1,
  failure: 1,
  timeout: 0,
  canceled: 0,
  skipped: 1,
  undeliverable: 1,
  unknown: 0,
};

const instance: InstanceDetail = {
  actionSpec: { accessMode: "agent", steps: [] },
  targetSpec: { executionType: "sequential", groups: [] },
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
  startedAt: "2026-01-01T00:00:00.000Z",
  finishedAt: "2026-01-01T00:00:09.000Z",
  id: "i-1",
  jobId: "j-1",
  originInstanceId: null,
  pausedAt: null,
  fromStep: null,
  rerunInstanceIds: [],
  lastUpdatedBy: "",
  reason: "",
  status: "failure",
  groups: [
    {
      groupNumber: 0,
      status: "failure",
      reason: "",
      nodeCount: 4,
      counts,
      batchNumber: 1,
      startedAt: null,
      finishedAt: null,
      soakUntil: null,
      heldAt: null,
      haltCause: null,
    },
  ],
};

function run(runId: string, status: Run["status"], nodeId: string): Run {
  return {
    runId,
    status,
    nodeId,
    groupNumber: 0,
    receivedTime: "2026-01-01T00:00:00.000Z",
    lastUpdateTime: "2026-01-01T00:00:01.500Z",
  };
}

describe("renderJunit", () => {
  it("reports every run once, by what its outcome means", () => {
    const runs = [
      run("r-1", "success", "n-1"),
      { ...run("r-2", "failure", "n-2"), nodeName: 'web<&"2', reason: 'step 1 "fill" failed' },
      run("r-3", "skipped", "n-3"),
      run("r-4", "undeliverable", "n\u00004"),
    ];

    expect(renderJunit(instance, runs)).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="instance i-1" tests="4" failures="1" errors="1" skipped="1" time="6.000">
        <testsuite name="group 0" timestamp="2026-01-01T00:00:00" tests="4" failures="1" errors="1" skipped="1" time="6.000">
          <testcase name="node n-1" classname="job j-1 group 0" time="1.500"/>
          <testcase name="node web&lt;&amp;&quot;2" classname="job j-1 group 0" time="1.500"><failure type="failure" message="run r-2 ended failure: step 1 &quot;fill&quot; failed"/></testcase>
          <testcase name="node n-3" classname="job j-1 group 0" time="1.500"><skipped message="run r-3 ended skipped"/></testcase>
          <testcase name="node n�4" classname="job j-1 group 0" time="1.500"><error type="undeliverable" message="run r-4 ended undeliverable"/></testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });

  it("puts each run into the suite of its group", () => {
    const [first] = instance.groups;
    const groups = first === undefined ? [] : [first, { ...first, groupNumber: 1 }];
    const runs = [
      run("r-1", "success", "n-1"),
      { ...run("r-2", "success", "n-2"), groupNumber: 1 },
      { ...run("r-3", "failure", "n-3"), groupNumber: 1 },
    ];

    const suites = renderJunit({ ...instance, groups }, runs).split("<testsuite ");

    expect(suites[1]).toMatch(/^name="group 0" [^>]*tests="1" failures="0"/);
    expect(suites[1]?.match(/node n-\d/g)).toEqual(["node n-1"]);
    expect(suites[2]).toMatch(/^name="group 1" [^>]*tests="2" failures="1"/);
    expect(suites[2]?.match(/node n-\d/g)).toEqual(["node n-2", "node n-3"]);
  });

  it.each([
    ["success", "/>"],
    ["failure", '><failure type="failure"'],
    ["timeout", '><failure type="timeout"'],
    ["skipped", "><skipped "],
    ["canceled", "><skipped "],
    ["undeliverable", '><error type="undeliverable"'],
    ["unknown", '><error type="unknown"'],
    ["running", '><error type="running"'],
  ] as const)("shows a run that ended %s as %s", (status, inner) => {
    expect(renderJunit(instance, [run("r-1", status, "n-1")])).toContain(`time="1.500"${inner}`);
  });
});

describe("writeJunit", () => {
  it("reports also the runs that are not on the service's first page", async () => {
    const { client, path } = await setup(1_001);

    await writeJunit(path, { client, instance, signal });

    const xml = await readFile(path, "utf8");
    expect(new Set(xml.match(/node n-\d+"/g)).size).toBe(1_001);
    expect(xml).toContain('<testsuites name="instance i-1" tests="1001"');
  });

  it("refuses an instance with more runs than a report may have, and writes nothing", async () => {
    const { client, path } = await setup(2_001);

    await expect(writeJunit(path, { client, instance, signal, runsMax: 2_000 })).rejects.toThrow(
      "the instance has 2001 runs, a JUnit report may have 2000",
    );
    await expect(readFile(path)).rejects.toThrow("ENOENT");
  });

  it("takes an instance that has just as many", async () => {
    const { client, path } = await setup(2_000);

    await writeJunit(path, { client, instance, signal, runsMax: 2_000 });

    expect(await readFile(path, "utf8")).toContain('tests="2000"');
  });
});

const { signal } = new AbortController();

/** A service with an instance of so many runs, of which it gives at most 1,000 at once. */
async function setup(totalItems: number): Promise<{ client: CourierClient; path: string }> {
  const server = createServer(({ url = "" }, response) => {
    const query = new URL(url, "http://localhost").searchParams;
    const [page, size] = [
      Number(query.get("pagination.page")),
      Math.min(1_000, Number(query.get("pagination.size"))),
    ];
    const start = (page - 1) * size;
    const items = Array.from({ length: Math.min(size, totalItems - start) }, (_, index) =>
      run(`r-${start + index}`, "success", `n-${start + index}`),
    );
    const totalPages = Math.ceil(totalItems / size);
    const pagination = {
      ...{ itemsPerPage: size, page, pageItemCount: items.length, startIndex: start + 1 },
      ...{ totalItems, totalPages, previousLink: "" },
      nextLink: page < totalPages ? `?page=${page + 1}` : "",
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ items, pagination, totalItems }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const directory = await mkdtemp(join(tmpdir(), "courier-junit-"));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening on a port");
  const url = `http://127.0.0.1:${address.port}`;
  const client = createClient({ url, token: new Secret("cou_canary"), userAgent: "test" });
  return { client, path: join(directory, "report.xml") };
}
