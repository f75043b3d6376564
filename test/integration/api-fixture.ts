import { generateKeyPairSync, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createApi, mintToken, type Api, type ApiLimits } from "@courier/api";
import { InProcessBus } from "@courier/bus";
import type { TokenRole } from "@courier/schema";
import { Scheduler } from "@courier/scheduler";
import { insertToken, TableArchives, type ArchiveStore, type Database } from "@courier/store";
import {
  FakeClock,
  temporaryDatabase,
  whyUnavailable,
  type DatabaseKind,
  type TemporaryDatabase,
} from "@courier/testkit";
import { pino } from "pino";
import { at } from "./api-json.ts";
import { NodeStandIn } from "./api-node-stand-in.ts";

/** One answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: unknown;
}

/** What a request may carry. */
export interface Asked {
  readonly token?: string;
  readonly body?: string | object | Uint8Array;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The databases that can be tested here. */
export const databaseKinds: readonly DatabaseKind[] = (["sqlite", "postgres"] as const).filter(
  (kind) => whyUnavailable(kind) === undefined,
);

/** A real API on a real database and scheduler, at a clock that the test moves. */
export class ApiFixture {
  readonly clock = new FakeClock();
  readonly bus = new InProcessBus();
  readonly log: string[] = [];
  readonly db: Database;
  readonly archives: ArchiveStore;
  readonly scheduler: Scheduler;
  readonly api: Api;
  readonly #temporary: TemporaryDatabase;
  #url = "";

  private constructor(temporary: TemporaryDatabase, limits: Partial<ApiLimits>) {
    const db = temporary.database;
    this.db = db;
    this.#temporary = temporary;
    const log = pino({ level: "warn" }, { write: (line) => void this.log.push(line) });
    const shared = { db, bus: this.bus, clock: this.clock, newId: randomUUID, log };
    this.archives = new TableArchives(db);
    this.scheduler = new Scheduler({ ...shared, archives: this.archives });
    this.api = createApi({
      ...shared,
      archives: this.archives,
      jobControl: this.scheduler,
      serverPublicKey: "c2VydmVy",
      version: "0.0.0-test",
      limits,
    });
  }

  /** Starts an API with an empty database. */
  static async start(
    options: { readonly kind?: DatabaseKind; readonly limits?: Partial<ApiLimits> } = {},
  ): Promise<ApiFixture> {
    const temporary = await temporaryDatabase(options.kind ?? "sqlite");
    const fixture = new ApiFixture(temporary, options.limits ?? {});
    await fixture.scheduler.start();
    const port = await fixture.api.listen({ host: "127.0.0.1", port: 0 });
    fixture.#url = `http://127.0.0.1:${port}`;
    return fixture;
  }

  get url(): string {
    return this.#url;
  }

  /** Stops everything and removes the database. */
  async stop(): Promise<void> {
    await this.settle(this.api.close());
    await this.settle(this.scheduler.stop());
    await this.#temporary.dispose();
  }

  /** A token of a role, as if an admin had created it. */
  async token(role: TokenRole, expiresAt: number | null = null): Promise<string> {
    const { text, prefix, hash } = mintToken();
    const createdAt = this.clock.now();
    await insertToken(this.db, {
      id: randomUUID(),
      name: `test ${role}`,
      prefix,
      hash,
      role,
      createdAt,
      expiresAt,
    });
    return text;
  }

  /** Sends a request and reads the whole answer. */
  async send(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, requestInit(method, asked));
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, text, json: parseIfJson(text, headers.get("content-type")) };
  }

  /** Starts a request whose answer is read piece by piece. */
  async open(path: string, token: string, signal?: AbortSignal): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`${this.#url}${path}`, signal === undefined ? { headers } : { headers, signal });
  }

  /** Enrols a node over HTTP. */
  async enrol(
    name: string,
    publicKey = newPublicKey(),
    keyBody: object = {},
  ): Promise<NodeStandIn> {
    const token = await this.token("node-manager");
    const path = "/node/management/v1/enrollment-keys";
    const key = await this.send("POST", path, { token, body: keyBody });
    const body = { key: at(key.json, "item", "key"), name, publicKey };
    const enrolled = await this.send("POST", "/node/management/v1/enroll", { body });
    return new NodeStandIn(String(at(enrolled.json, "item", "nodeId")), this);
  }

  /** Adds a job and lets the scheduler make its instance; returns the ids of job and instance. */
  async runJob(template: object): Promise<{ jobId: string; instanceId: string }> {
    const token = await this.token("operator");
    const added = await this.send("POST", jobsPath, { token, body: template });
    if (added.status !== 201) throw new Error(added.text);
    const jobId = String(at(added.json, "item", "id"));
    const list = `/courier/state-api/v1/instances?jobId=${jobId}`;
    const answer = await this.until(
      () => this.send("GET", list, { token }),
      ({ json }) => at(json, "totalItems") === 1,
    );
    return { jobId, instanceId: String(at(answer.json, "items", 0, "id")) };
  }

  /** Moves the clock until the work is done. */
  async settle(work: Promise<void>): Promise<void> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    await this.until(
      async () => isDone,
      (seen) => seen,
    );
    await done;
  }

  /** Moves the clock in small steps until what `look` sees is `wanted`, giving real I/O a moment in between. */
  async until<Seen>(look: () => Promise<Seen>, wanted: (seen: Seen) => boolean): Promise<Seen> {
    for (let round = 0; round < roundsMax; round += 1) {
      const seen = await look();
      if (wanted(seen)) return seen;
      await this.clock.advance(5);
      await delay(1);
    }
    throw new Error("what the test waits for did not happen");
  }
}

/** Only what never comes takes so many, also where a database is slow. */
const roundsMax = 60_000;

/** Where jobs are added. */
export const jobsPath = "/courier/scheduler-api/v1/jobs";

/** A valid template for these nodes. */
export function template(name: string, nodeIdentifiers: readonly string[]): object {
  return {
    name,
    scheduleRule: "immediate",
    target: {
      executionType: "sequential",
      groups: [{ nodeListType: "nodes", nodeIdentifiers, timeoutSeconds: 60 }],
    },
    actions: {
      accessMode: "agent",
      steps: [
        {
          name: "sleep",
          interpreter: { name: "chef-platform/shell-interpreter", skill: { minVersion: "1.0.0" } },
          command: { linux: ["sleep 10"] },
        },
      ],
    },
  };
}

/** A fresh Ed25519 public key as a node sends it. */
export function newPublicKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  return publicKey.export({ format: "der", type: "spki" }).toString("base64");
}

function requestInit(method: string, asked: Asked): RequestInit {
  const { token, body, contentType = "application/json", headers } = asked;
  return {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": contentType }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
  };
}

function isRaw(body: NonNullable<Asked["body"]>): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" || body instanceof Uint8Array;
}

function parseIfJson(text: string, contentType: string | null): unknown {
  if (text === "" || contentType?.startsWith("application/json") !== true) return undefined;
  return JSON.parse(text);
}
