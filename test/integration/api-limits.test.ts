import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ApiFixture, jobsPath } from "./api-fixture.ts";
import { at } from "./api-json.ts";

describe("limits", () => {
  let fixture: ApiFixture | undefined;
  afterEach(async () => fixture?.stop());

  it("answers 429 with the time to wait when a token asks too fast, and goes on after it", async () => {
    fixture = await ApiFixture.start({ limits: { tokenRate: { perSecond: 1, burst: 2 } } });
    const token = await fixture.token("viewer");
    const other = await fixture.token("viewer");

    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await fixture.send("GET", jobsPath, { token })).status);
    }
    const refused = await fixture.send("GET", jobsPath, { token });
    const neighbour = await fixture.send("GET", jobsPath, { token: other });
    await fixture.clock.advance(1000);
    const later = await fixture.send("GET", jobsPath, { token });

    expect(statuses).toEqual([200, 200, 429]);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(at(refused.json, "error", "code")).toBe("RATE_LIMITED");
    expect([neighbour.status, later.status]).toEqual([200, 200]);
  });

  it("slows down an address that guesses tokens, but not the good ones behind it", async () => {
    fixture = await ApiFixture.start({ limits: { addressRate: { perSecond: 1, burst: 2 } } });
    const token = await fixture.token("viewer");
    await fixture.send("GET", jobsPath, { token });

    const guesses: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      guesses.push((await fixture.send("GET", jobsPath, { token: `cou_0_${count}` })).status);
    }
    const good = await fixture.send("GET", jobsPath, { token });

    expect(guesses).toEqual([401, 401, 429, 429]);
    expect(good.status).toBe(200);
  });

  it("never limits the probes", async () => {
    fixture = await ApiFixture.start({ limits: { addressRate: { perSecond: 1, burst: 1 } } });

    const statuses = new Set<number>();
    for (let count = 0; count < 5; count += 1) {
      statuses.add((await fixture.send("GET", "/healthz")).status);
      statuses.add((await fixture.send("GET", "/readyz")).status);
    }

    expect([...statuses]).toEqual([200]);
  });

  it("ends a token at once when it is revoked, although it is remembered", async () => {
    fixture = await ApiFixture.start();
    const admin = await fixture.token("admin");
    const tokens = "/courier/access-api/v1/tokens";
    const created = await fixture.send("POST", tokens, {
      token: admin,
      body: { name: "ci", role: "viewer" },
    });
    const token = String(at(created.json, "item", "token"));
    const before = await fixture.send("GET", jobsPath, { token });

    await fixture.send("DELETE", `${tokens}/${String(at(created.json, "item", "id"))}`, {
      token: admin,
    });
    const after = await fixture.send("GET", jobsPath, { token });

    expect([before.status, after.status]).toEqual([200, 401]);
  });

  it("shows a token's secret once and never in a list", async () => {
    fixture = await ApiFixture.start();
    const admin = await fixture.token("admin");
    const tokens = "/courier/access-api/v1/tokens";
    const body = { name: "ci", role: "operator", expiresInSeconds: 60 };
    const created = await fixture.send("POST", tokens, { token: admin, body });
    const secret = String(at(created.json, "item", "token"));

    const list = await fixture.send("GET", tokens, { token: admin });
    await fixture.clock.advance(60_000);
    const expired = await fixture.send("GET", jobsPath, { token: secret });

    expect(secret).toMatch(/^cou_[0-9a-f]{8}_[0-9a-f]{64}$/);
    expect(list.text).not.toContain(secret);
    expect(at(list.json, "totalItems")).toBe(2);
    expect(expired.status).toBe(401);
  });

  it("answers OPTIONS and HEAD", async () => {
    fixture = await ApiFixture.start();
    const token = await fixture.token("viewer");

    const options = await fixture.send("OPTIONS", jobsPath);
    const head = await fixture.send("HEAD", jobsPath, { token });

    expect(options.status).toBe(204);
    expect(options.headers.get("allow")).toBe("GET, HEAD, POST, OPTIONS");
    expect(head.status).toBe(200);
    expect(head.text).toBe("");
  });

  it("answers bytes that are no request in the shape of every error", async () => {
    fixture = await ApiFixture.start();
    const { port } = new URL(fixture.url);

    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(Number(port), "127.0.0.1", () => socket.write("nonsense\r\n\r\n"));
      socket.on("data", (part) => (text += String(part)));
      socket.on("end", () => resolve(text));
      socket.on("error", reject);
    });

    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('"code":"REQUEST_INVALID"');
  });

  it("counts requests on the metrics page", async () => {
    fixture = await ApiFixture.start();
    const token = await fixture.token("viewer");
    await fixture.send("GET", jobsPath, { token });

    const page = await fixture.send("GET", "/metrics", { token });

    expect(page.text).toContain(
      `courier_http_requests_total{method="GET",route="${jobsPath}",status="200"} 1`,
    );
    expect(page.text).toContain("process_resident_memory_bytes");
  });
});
