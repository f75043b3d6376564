import { ApiFixture, jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import type { NodeStandIn } from "./api-node-stand-in.ts";
import { rulesPath } from "./scheduler-routes.ts";

/** A rule that does not occur while a test runs. */
export const daily = "RRULE:FREQ=DAILY;BYHOUR=3;BYMINUTE=0;BYSECOND=0";

/** An operator who adds and controls jobs on one node, and an admin who freezes them. */
export class JobCaller {
  readonly fixture: ApiFixture;
  readonly node: NodeStandIn;
  /** Tokens of the two. */
  readonly admin: string;
  readonly operator: string;

  private constructor(
    fixture: ApiFixture,
    parts: { readonly node: NodeStandIn; readonly admin: string; readonly operator: string },
  ) {
    this.fixture = fixture;
    this.node = parts.node;
    this.admin = parts.admin;
    this.operator = parts.operator;
  }

  static async start(): Promise<JobCaller> {
    const fixture = await ApiFixture.start();
    const node = await fixture.enrol("web-1");
    await node.connect();
    const admin = await fixture.token("admin");
    const operator = await fixture.token("operator");
    return new JobCaller(fixture, { node, admin, operator });
  }

  /** A request of the operator. */
  async send(method: string, path: string, body?: object): Promise<Answer> {
    const asked = body === undefined ? {} : { body };
    return this.fixture.send(method, path, { token: this.operator, ...asked });
  }

  /** Updates a job if it still has this ETag. */
  async put(path: string, body: object, etag: string): Promise<Answer> {
    const headers = { "if-match": etag };
    return this.fixture.send("PUT", path, { token: this.operator, body, headers });
  }

  async startOnce(path: string, key: string): Promise<Answer> {
    const headers = { "idempotency-key": key };
    return this.fixture.send("POST", path, { token: this.operator, body: {}, headers });
  }

  /** Adds a job; returns its id. */
  async add(name: string, change: object = { scheduleRule: daily }): Promise<string> {
    const added = await this.send("POST", jobsPath, { ...template(name, ["web-1"]), ...change });
    if (added.status !== 201) throw new Error(added.text);
    return String(at(added.json, "item", "id"));
  }

  async get(jobId: string): Promise<Answer> {
    return this.send("GET", `${jobsPath}/${jobId}`);
  }

  /** Freezes all jobs from now on; returns the rule's id. */
  async freeze(minutes = 10_000): Promise<string> {
    const body = { name: "freeze", rrule: "RRULE:FREQ=DAILY;COUNT=1", duration: minutes };
    const added = await this.fixture.send("POST", rulesPath, { token: this.admin, body });
    return String(at(added.json, "item", "id"));
  }
}

/** What an error answer says. */
export function errorOf(answer: Answer): unknown[] {
  return [answer.status, at(answer.json, "error", "code"), at(answer.json, "error", "message")];
}
