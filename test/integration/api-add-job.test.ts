import { request } from "node:http";
import { listAudit } from "@courier/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, databaseKinds, jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";

describe.each(databaseKinds)("adding a job on %s", (kind) => {
  let fixture: ApiFixture;
  let token: string;

  beforeAll(async () => {
    fixture = await ApiFixture.start({ kind });
    token = await fixture.token("operator");
    await fixture.enrol("web-1");
  });
  afterAll(async () => fixture.stop());

  async function add(name: string, key?: string, by: string = token): Promise<Answer> {
    const headers = key === undefined ? {} : { "idempotency-key": key };
    return fixture.send("POST", jobsPath, { token: by, body: template(name, ["web-1"]), headers });
  }

  it("stores one job for three formats of the same template", async () => {
    const yaml = `name: formats
scheduleRule: immediate
target: {groups: [{nodeListType: nodes, nodeIdentifiers: [web-1]}]}
actions: {steps: [{name: s, interpreter: {name: chef-platform/shell-interpreter}, command: {linux: [uptime]}}]}
`;
    const asked = { token, body: yaml, contentType: "application/x-yaml; charset=utf-8" };

    const added = await fixture.send("POST", jobsPath, asked);
    const toml = { ...asked, body: 'name = "formats"', contentType: "application/toml" };
    const refused = await fixture.send("POST", jobsPath, toml);

    expect(added.status).toBe(201);
    expect(at(refused.json, "error", "code")).toBe("TEMPLATE_INVALID");
  });

  it("answers a repeated key with the first answer and adds nothing", async () => {
    const first = await add("idempotent", "key-1");
    const second = await add("idempotent", "key-1");

    expect(first.status).toBe(201);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.status).toBe(200);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.json).toEqual(first.json);
  });

  it("gives one job to requests that race with one key", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => add("raced", "key-race")));

    const ids = new Set(answers.map(({ json }) => at(json, "item", "id")));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(ids.size).toBe(1);
  });

  it("gives one of the requests that race for one name, and names it to the others", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => add("one name")));

    const winner = answers.find(({ status }) => status === 201);
    const losers = answers.filter(({ status }) => status === 409);
    expect(losers).toHaveLength(7);
    for (const { json } of losers) {
      expect(at(json, "error", "message")).toContain(at(winner?.json, "item", "id"));
    }
  });

  it("refuses a key that came with another body", async () => {
    await add("first body", "key-2");

    const other = await add("second body", "key-2");

    expect(other.status).toBe(409);
    expect(at(other.json, "error", "code")).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("keeps the keys of different tokens apart", async () => {
    const other = await fixture.token("operator");

    const answers = [await add("mine", "key-3"), await add("theirs", "key-3", other)];

    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  });

  it("refuses a key without an end", async () => {
    const answer = await add("long key", "k".repeat(256));

    expect(answer.status).toBe(400);
    expect(at(answer.json, "error", "message")).toContain("1 to 255 characters");
  });

  it("names what is wrong with the schedule and with the steps at once", async () => {
    const interpreter = { name: "chef-platform/shell-interpreter" };
    const step = { name: "s", interpreter, command: { linux: ["echo {{.MISSING}}"] } };
    const wrong = { actions: { steps: [step] }, scheduleRule: "CRON:99 * * * *" };
    const body = { ...template("wrong twice", ["web-1"]), ...wrong };

    const { json } = await fixture.send("POST", jobsPath, { token, body });

    const details = at(json, "error", "details") as readonly { pointer: string }[];
    expect(details.map(({ pointer }) => pointer).toSorted()).toEqual([
      "/actions/steps/0/command/linux/0",
      "/scheduleRule",
    ]);
  });

  it("stores nothing of a refused job", async () => {
    const body = template("refused", ["web-1", "ghost"]);

    await fixture.send("POST", jobsPath, { token, body });

    const list = await fixture.send("GET", `${jobsPath}?name=refused`, { token });
    expect(at(list.json, "totalItems")).toBe(0);
  });

  it("records who added what, from where and in which request", async () => {
    const headers = { "x-request-id": "ci-42" };
    const body = template("audited", ["web-1"]);
    const added = await fixture.send("POST", jobsPath, { token, body, headers });

    const { items } = await listAudit(fixture.db, { page: 1, size: 1000 });

    expect(added.headers.get("x-request-id")).toBe("ci-42");
    expect(items.find(({ requestId }) => requestId === "ci-42")).toMatchObject({
      action: "job.add",
      object: at(added.json, "item", "id"),
      remoteAddress: "127.0.0.1",
      detail: JSON.stringify({ name: "audited" }),
    });
  });
});

describe("bodies that are too large", () => {
  let fixture: ApiFixture;
  let token: string;

  beforeAll(async () => {
    fixture = await ApiFixture.start();
    token = await fixture.token("operator");
  });
  afterAll(async () => fixture.stop());

  /** Sends 50 MB the way a client does that does not look at the answer before it has sent everything. */
  async function sendLarge(
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const chunk = Buffer.alloc(1_000_000, 0x20);
    return new Promise((resolve, reject) => {
      const sending = request(`${fixture.url}${jobsPath}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...headers,
        },
      });
      sending.on("error", reject);
      sending.on("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      let left = 50;
      const sendMore = (): void => {
        while (left > 0) {
          left -= 1;
          if (!sending.write(chunk)) return;
        }
        sending.end();
      };
      sending.on("drain", sendMore);
      sendMore();
    });
  }

  it("are refused with the limit when their length is announced, and the client gets to read it", async () => {
    const { status, text } = await sendLarge({ "content-length": "50000000" });

    expect(status).toBe(413);
    expect(text).toContain("the body is larger than the limit of 1 MiB (1048576 bytes)");
  });

  it("are refused when it is not", async () => {
    const { status, text } = await sendLarge({ "transfer-encoding": "chunked" });

    expect(status).toBe(413);
    expect(text).toContain("1 MiB");
  });

  it("are refused before a byte is sent when the client asks first", async () => {
    const outcome = await new Promise<number>((resolve, reject) => {
      const asking = request(`${fixture.url}${jobsPath}`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "content-length": "50000000",
          expect: "100-continue",
        },
      });
      asking.on("continue", () => reject(new Error("was told to go on")));
      asking.on("error", reject);
      asking.on("response", (response) => {
        resolve(response.statusCode ?? 0);
        asking.destroy();
      });
      asking.flushHeaders();
    });

    expect(outcome).toBe(413);
  });

  it("have a smaller limit where no template is expected", async () => {
    const admin = await fixture.token("admin");
    const body = JSON.stringify({ name: "x".repeat(100_000), role: "viewer" });

    const answer = await fixture.send("POST", "/courier/access-api/v1/tokens", {
      token: admin,
      body,
    });

    expect(answer.status).toBe(413);
    expect(at(answer.json, "error", "message")).toBe(
      "the body is larger than the limit of 64 KiB (65536 bytes)",
    );
  });
});
