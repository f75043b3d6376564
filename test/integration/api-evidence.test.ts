import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from "node:crypto";
import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import {
  evidenceArchiveBytesMax,
  evidenceText,
  tarEnd,
  tarHead,
  tarPadding,
} from "@courier/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { ApiFixture, databaseKinds, template } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import type { NodeStandIn } from "./api-node-stand-in.ts";

let fixture: ApiFixture;

afterEach(async () => {
  await fixture.stop();
});

/** A node with its key, and a run of it that has ended with one attempt. */
interface Place {
  readonly node: NodeStandIn;
  readonly run: { readonly runId: string; readonly token: number };
  readonly privateKey: KeyObject;
}

async function setup(kind: (typeof databaseKinds)[number] = "sqlite"): Promise<Place> {
  fixture = await ApiFixture.start({ kind });
  const { privateKey } = generateKeyPairSync("ed25519");
  const node = await fixture.enrol("web-1", publicKeyOf(privateKey));
  await node.connect();
  const { instanceId } = await fixture.runJob(template("evidence", ["web-1"]));
  const run = await node.runOf(instanceId);
  await node.succeed(run);
  return { node, run, privateKey };
}

function publicKeyOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: "der", type: "spki" }).toString("base64");
}

const archive = gzipSync(
  Buffer.from(
    tarHead({ path: "artifacts/report.txt", size: 6, modifiedAt: 0 }) +
      `report${tarPadding(6)}${tarEnd}`,
    "latin1",
  ),
);

interface Put {
  readonly offset?: number;
  readonly part?: Buffer;
  readonly content?: Buffer;
  readonly token?: number;
  readonly attempt?: number;
  readonly nodeId?: string;
  readonly key?: KeyObject;
  readonly sizeBytes?: number;
  readonly authorization?: string;
}

async function put({ node, run, privateKey }: Place, options: Put = {}) {
  const { offset = 0, content = archive, token = run.token, attempt = 1 } = options;
  const { part = content, key = privateKey, nodeId = node.nodeId } = options;
  const sha256 = createHash("sha256").update(content).digest("hex");
  const sizeBytes = options.sizeBytes ?? content.length;
  const signed = { nodeId, runId: run.runId, token, stepNumber: 1, attempt, sizeBytes, sha256 };
  const signature = sign(null, Buffer.from(evidenceText(signed)), key).toString("base64");
  const path = `/courier/state-api/v1/runs/${run.runId}/steps/1/attempts/${attempt}/evidence`;
  const query = new URLSearchParams({
    token: String(token),
    sizeBytes: String(sizeBytes),
    sha256,
    offset: String(offset),
  });
  return await fixture.send("PUT", `${path}?${query.toString()}`, {
    body: new Uint8Array(part),
    contentType: "application/octet-stream",
    headers: { authorization: options.authorization ?? `Courier-Node ${nodeId}:${signature}` },
  });
}

async function get({ run }: Place, attempt = 1): Promise<Response> {
  const path = `/courier/state-api/v1/runs/${run.runId}/steps/1/attempts/${attempt}/evidence`;
  return await fixture.open(path, await fixture.token("viewer"));
}

async function filesOf(response: Response): Promise<readonly string[]> {
  const input = Buffer.from(await response.arrayBuffer());
  return execFileSync("tar", ["-tz"], { input, encoding: "utf8" }).split("\n").slice(0, -1);
}

describe.each(databaseKinds)("evidence on %s", (kind) => {
  test("is handed in by parts in any order of tries, and given out with what is known", async () => {
    const place = await setup(kind);

    const first = await put(place, { part: archive.subarray(0, 10) });
    const lost = await put(place, { offset: 50, part: archive.subarray(50) });
    const again = await put(place, { part: archive.subarray(0, 10) });
    const rest = await put(place, { offset: 10, part: archive.subarray(10) });
    const repeated = await put(place, { part: archive.subarray(0, 10) });

    const item = { isStored: false, nextOffset: 10 };
    expect([first.json, lost.json, again.json]).toEqual([{ item }, { item }, { item }]);
    const stored = { item: { isStored: true, nextOffset: archive.length } };
    expect([rest.json, repeated.json]).toEqual([stored, stored]);
    const response = await get(place);
    expect(Number(response.headers.get("content-length"))).toBeGreaterThan(archive.length);
    expect(response.headers.get("content-disposition")).toContain(
      `evidence-${place.run.runId}-step-1-attempt-1.tar.gz`,
    );
    expect(await filesOf(response)).toEqual([
      ...["evidence.json", "stdout", "stderr"],
      "artifacts/report.txt",
    ]);
  });
});

test("evidence of an attempt without artifacts holds facts and output, and its digest is told", async () => {
  const place = await setup();

  const response = await get(place);

  const bytes = Buffer.from(await response.clone().arrayBuffer());
  const digest = createHash("sha256").update(bytes).digest("base64");
  expect(response.headers.get("repr-digest")).toBe(`sha-256=:${digest}:`);
  expect(await filesOf(response)).toEqual(["evidence.json", "stdout", "stderr"]);
  const stdout = execFileSync("tar", ["-xzO", "stdout"], { input: bytes, encoding: "utf8" });
  expect(stdout).toBe("hello\n");
});

test("evidence is for tokens that may read, and of attempts that were", async () => {
  const place = await setup();
  const path = `/courier/state-api/v1/runs/${place.run.runId}/steps/1/attempts/1/evidence`;

  const anonymous = await fixture.send("GET", path);
  const forbidden = await fixture.send("GET", path, { token: await fixture.token("node-manager") });
  const missing = await get(place, 2);

  expect([anonymous.status, forbidden.status, missing.status]).toEqual([401, 403, 404]);
  expect(await missing.text()).toContain('step 1 \\"sleep\\" has had 1 attempt, so');
});

describe("a part is refused", () => {
  test.each([
    ["without a signature", { authorization: "Bearer x" }, [401, "UNAUTHENTICATED"]],
    ["of a node that is not there", { nodeId: crypto.randomUUID() }, [401, "UNAUTHENTICATED"]],
    ["of another assignment", { token: 99 }, [409, "EVIDENCE_REFUSED"]],
    ["that is too large", { sizeBytes: evidenceArchiveBytesMax + 1 }, [413, "BODY_TOO_LARGE"]],
    ["that has more than a part may", { content: Buffer.alloc(600_000) }, [413, "BODY_TOO_LARGE"]],
  ] as const)("%s", async (_, options, expected) => {
    const place = await setup();

    const answer = await put(place, options);

    expect([answer.status, at(answer.json, "error", "code")]).toEqual(expected);
    expect(await fixture.archives.list("")).toMatchObject({ archives: [] });
  });

  test("when it is signed by another key, or another node's run is named", async () => {
    const place = await setup();
    const { privateKey } = generateKeyPairSync("ed25519");
    const other = await fixture.enrol("web-2", publicKeyOf(privateKey));

    const forged = await put(place, { key: privateKey });
    const stolen = await put(place, { key: privateKey, nodeId: other.nodeId });

    expect([forged.status, stolen.status]).toEqual([401, 409]);
  });

  test("when other artifacts are stored already", async () => {
    const place = await setup();
    await put(place);

    const answer = await put(place, { content: gzipSync("other") });

    expect([answer.status, at(answer.json, "error", "code")]).toEqual([409, "EVIDENCE_REFUSED"]);
  });
});

test("an archive that does not match its digest is thrown away, and may come anew", async () => {
  const place = await setup();

  const damaged = await put(place, { part: Buffer.alloc(archive.length) });
  const whole = await put(place);

  expect([damaged.status, at(damaged.json, "error", "code")]).toEqual([500, "EVIDENCE_DAMAGED"]);
  expect(whole.json).toEqual({ item: { isStored: true, nextOffset: archive.length } });
});

test("an archive that is damaged where it is kept is not given out", async () => {
  const place = await setup();
  await put(place);
  const { archives } = await fixture.archives.list("");
  for (const { name } of archives) {
    await fixture.archives.remove(name);
    await fixture.archives.append(name, { offset: 0, data: Buffer.from("other"), now: 1 });
  }

  const response = await get(place);

  expect(response.status).toBe(500);
  expect(await response.text()).toContain("does not match its digest");
});

test("the document says that a part is bytes", async () => {
  await setup();

  const { json } = await fixture.send("GET", "/openapi.json");

  const path =
    "/courier/state-api/v1/runs/{runId}/steps/{stepNumber}/attempts/{attemptNumber}/evidence";
  const content = at(json, "paths", path, "put", "requestBody", "content");
  expect(content).toEqual({
    "application/octet-stream": { schema: { type: "string", format: "binary" } },
  });
});
