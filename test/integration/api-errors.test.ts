import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiFixture, jobsPath, newPublicKey, template, type Asked } from "./api-fixture.ts";
import { at } from "./api-json.ts";

const yaml = `name: typo
scheduleRule: immediate
target:
  executionType: sequentiall
  groups:
    - nodeListType: nodes
      nodeIdentifers: [web-1]
actions:
  steps:
    - name: one
      interpreter: {name: chef-platform/shell-interpreter}
      command: {linux: [uptime]}
`;

describe("what a person reads when something is wrong", () => {
  let fixture: ApiFixture;
  let token: string;

  beforeAll(async () => {
    fixture = await ApiFixture.start();
    token = await fixture.token("admin");
    await fixture.enrol("web-1");
    await fixture.runJob(template("taken", ["web-1"]));
  });
  afterAll(async () => fixture.stop());

  async function errorOf(method: string, path: string, asked: Asked = {}): Promise<string> {
    const { json, status } = await fixture.send(method, path, { token, ...asked });
    const lines = [
      `${status} ${String(at(json, "error", "code"))}`,
      String(at(json, "error", "message")),
    ];
    const details = at(json, "error", "details");
    for (const detail of Array.isArray(details) ? details : []) {
      const place = [at(detail, "line"), at(detail, "column")].flatMap((one) =>
        typeof one === "number" ? [one] : [],
      );
      lines.push(
        `  ${place.join(":")} ${String(at(detail, "pointer"))} ${String(at(detail, "message"))}`,
      );
    }
    return lines.join("\n").replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<id>");
  }

  it("is every problem of a template with its place, in each format", async () => {
    expect(
      await errorOf("POST", jobsPath, { body: yaml, contentType: "application/yaml" }),
    ).toMatchSnapshot();
    expect(await errorOf("POST", jobsPath, { body: '{\n  "name": "x",\n}' })).toMatchSnapshot();
    expect(
      await errorOf("POST", jobsPath, { body: "name = ", contentType: "application/toml" }),
    ).toMatchSnapshot();
    expect(await errorOf("POST", jobsPath, { body: "" })).toMatchSnapshot();
    expect(await errorOf("POST", jobsPath, { body: "[]" })).toMatchSnapshot();
  });

  it("is the field that this version does not execute", async () => {
    const step = {
      name: "over SSH",
      interpreter: { name: "chef-platform/shell-interpreter" },
      command: { linux: ["true"] },
    };
    const later = {
      ...template("later", ["web-1"]),
      actions: { accessMode: "agentless", steps: [step] },
    };

    expect(await errorOf("POST", jobsPath, { body: later })).toMatchSnapshot();
    expect(await errorOf("POST", `${jobsPath}/validate`, { body: later })).toMatchSnapshot();
  });

  it("is each node that does not exist, at its line", async () => {
    const body = JSON.stringify(template("unknown nodes", ["web-1", "web-7", "web-8"]), null, 2);

    expect(await errorOf("POST", jobsPath, { body })).toMatchSnapshot();
  });

  it("is the job that has the name already", async () => {
    expect(
      await errorOf("POST", jobsPath, { body: template("taken", ["web-1"]) }),
    ).toMatchSnapshot();
  });

  it("is a body in a format that is not known, or that is no text", async () => {
    expect(
      await errorOf("POST", jobsPath, { body: "<job/>", contentType: "text/xml" }),
    ).toMatchSnapshot();
    const keys = "/node/management/v1/enrollment-keys";
    expect(
      await errorOf("POST", keys, { body: "a: 1", contentType: "application/yaml" }),
    ).toMatchSnapshot();
    expect(await errorOf("POST", keys, { body: "{" })).toMatchSnapshot();
    expect(await errorOf("POST", keys, { body: "7" })).toMatchSnapshot();
  });

  it("is a misspelt or impossible query parameter", async () => {
    expect(await errorOf("GET", `${jobsPath}?statuss=active`)).toMatchSnapshot();
    expect(await errorOf("GET", `${jobsPath}?page=one`)).toMatchSnapshot();
    expect(await errorOf("GET", `${jobsPath}?size=1001`)).toMatchSnapshot();
    expect(await errorOf("GET", `${jobsPath}?page=1&page=2`)).toMatchSnapshot();
    const instances = "/courier/state-api/v1/instances";
    expect(await errorOf("GET", `${instances}?runAfter=yesterday`)).toContain(
      '"yesterday" is not valid, expected a time such as 2026-01-31T08:00:00Z (RFC 3339)',
    );
  });

  it("is a path or a method that does not exist", async () => {
    expect(await errorOf("GET", "/nowhere")).toMatchSnapshot();
    expect(await errorOf("PATCH", jobsPath)).toMatchSnapshot();
    expect(await errorOf("GET", "/%zz")).toMatchSnapshot();
  });

  it("is what is wrong with a token", async () => {
    const expired = await fixture.token("viewer", fixture.clock.now() - 1);

    expect(await errorOf("GET", jobsPath, { token: expired })).toMatchSnapshot();
    expect(await errorOf("GET", jobsPath, { token: "cou_00000000_00" })).toMatchSnapshot();
    expect(
      await errorOf("GET", jobsPath, { headers: { authorization: "Basic eDp5" } }),
    ).toMatchSnapshot();
    expect(
      await errorOf("POST", jobsPath, { token: await fixture.token("viewer") }),
    ).toMatchSnapshot();
  });

  it("is what is wrong with an enrolment", async () => {
    const path = "/node/management/v1/enroll";
    const body = { key: "cek_0_0", name: "web-9", publicKey: newPublicKey() };

    expect(await errorOf("POST", path, { body })).toMatchSnapshot();
    expect(await errorOf("POST", path, { body: { ...body, publicKey: "AAAA" } })).toMatchSnapshot();
    expect(await errorOf("POST", path, { body: { ...body, name: undefined } })).toMatchSnapshot();
  });

  it("never repeats a token, and the log holds none", async () => {
    const canary = "cou_deadbeef_canary";

    const answer = await fixture.send("GET", jobsPath, { token: canary });

    expect(answer.text).not.toContain("canary");
    expect(fixture.log.join("")).not.toContain("canary");
  });
});
