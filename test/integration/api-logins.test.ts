import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiFixture, jobsPath, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";

const tokens = "/courier/access-api/v1/tokens";
const logins = "/platform/user-accounts/v1/user/api-token";

describe("key pairs", () => {
  let fixture: ApiFixture;
  let admin: string;

  beforeEach(async () => {
    fixture = await ApiFixture.start();
    admin = await fixture.token("admin");
  });
  afterEach(async () => fixture.stop());

  async function create(body: object): Promise<Answer> {
    return fixture.send("POST", tokens, { token: admin, body });
  }

  async function keyPair(): Promise<{ id: string; accessKey: string; secretKey: string }> {
    const { json } = await create({ name: "ci", role: "viewer" });
    return {
      id: String(at(json, "item", "id")),
      accessKey: String(at(json, "item", "accessKey")),
      secretKey: String(at(json, "item", "secretKey")),
    };
  }

  it("are the two halves of a token, and only the first is ever shown again", async () => {
    const created = await create({ name: "ci", expiration: "2100-01-01T01:00:00+01:00" });
    const list = await fixture.send("GET", tokens, { token: admin });

    const item = at(created.json, "item");
    const [accessKey, secretKey] = [at(item, "accessKey"), at(item, "secretKey")];
    expect(at(item, "token")).toBe(`${String(accessKey)}_${String(secretKey)}`);
    expect(item).toMatchObject({ role: "admin", expiresAt: "2100-01-01T00:00:00.000Z" });
    expect(list.text).toContain(String(accessKey));
    expect(list.text).not.toContain(String(secretKey));
  });

  it("are refused an end that is past, or given twice", async () => {
    const past = await create({ name: "ci", expiration: "1970-01-01T00:00:00Z" });
    const both = { name: "ci", expiration: "2100-01-01T00:00:00Z", expiresInSeconds: 5 };
    const twice = await create(both);
    const list = await fixture.send("GET", tokens, { token: admin });

    expect([past.status, twice.status]).toEqual([400, 400]);
    expect(at(past.json, "error", "message")).toContain("1970-01-01T00:00:00Z is in the past");
    expect(at(twice.json, "error", "message")).toContain("one of them is enough");
    expect(at(list.json, "totalItems")).toBe(1);
  });

  it("are taken as two headers, which an Authorization header overrules", async () => {
    const { accessKey, secretKey } = await keyPair();
    const headers = { "api-key": accessKey, "api-secret": secretKey };

    const good = await fixture.send("GET", jobsPath, { headers });
    const wrong = await fixture.send("GET", jobsPath, { headers: { ...headers, "api-key": "x" } });
    const half = await fixture.send("GET", jobsPath, { headers: { "api-key": accessKey } });
    const overruled = await fixture.send("GET", jobsPath, { headers, token: "cou_x_y" });

    expect([good, wrong, half, overruled].map(({ status }) => status)).toEqual([
      200, 401, 401, 401,
    ]);
  });

  it("log in: a code, then an access token that ends with the token", async () => {
    const { id, ...pair } = await keyPair();
    const body = { ...pair, state: "s" };

    const login = await fixture.send("POST", `${logins}/login`, { body });
    const oauthCode = at(login.json, "item", "oauthCode");
    const exchange = { oauthCode, state: "s" };
    const answer = await fixture.send("POST", `${logins}/jwt`, { body: exchange });
    const token = String(at(answer.json, "item", "accessToken"));
    const jobs = await fixture.send("GET", jobsPath, { token });
    await fixture.send("DELETE", `${tokens}/${id}`, { token: admin });
    const revoked = await fixture.send("GET", jobsPath, { token });

    expect([login.status, answer.status, jobs.status, revoked.status]).toEqual([
      200, 200, 200, 401,
    ]);
    expect([at(login.json, "code"), at(answer.json, "code")]).toEqual([200, 200]);
    expect(login.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("log in with the right secret only, and a code is good once, for a minute, with its state", async () => {
    const { id: _id, ...pair } = await keyPair();
    const code = async (): Promise<unknown> => {
      const { json } = await fixture.send("POST", `${logins}/login`, {
        body: { ...pair, state: "s" },
      });
      return at(json, "item", "oauthCode");
    };
    const exchange = async (oauthCode: unknown, state = "s"): Promise<number> =>
      (await fixture.send("POST", `${logins}/jwt`, { body: { oauthCode, state } })).status;

    const wrong = { ...pair, secretKey: pair.secretKey.replaceAll(/[0-9]/g, "a") };
    const refused = await fixture.send("POST", `${logins}/login`, { body: wrong });
    const used = await code();
    const once = [await exchange(used), await exchange(used)];
    const other = await exchange(await code(), "t");
    const late = await code();
    await fixture.clock.advance(60_000);

    expect(refused.status).toBe(401);
    expect(once).toEqual([200, 401]);
    expect(other).toBe(401);
    expect(await exchange(late)).toBe(401);
    expect(await exchange("never given")).toBe(401);
  });
});
