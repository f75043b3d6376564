import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { createApi, type Api, type ApiLimits, type TlsFiles } from "@courier/api";
import { InProcessBus } from "@courier/bus";
import { CourierError, type Clock } from "@courier/core";
import { Gateway } from "@courier/gateway";
import { Scheduler } from "@courier/scheduler";
import { openArchives, openDatabase, type Database } from "@courier/store";
import type { Logger } from "pino";
import { urlOf } from "./address.ts";
import { adminTokenFile, ensureAdminToken } from "./admin-token.ts";
import type { Configuration } from "./configuration.ts";
import { prepareDataDir } from "./data-dir.ts";
import { loadServerKey } from "./server-key.ts";
import { addServiceMetrics } from "./service-metrics.ts";
import { StopStack } from "./stop-stack.ts";
import { SystemClock } from "./system-clock.ts";
import { refuseUpgrade } from "./upgrade.ts";
import { readVersion } from "./version.ts";

/** What may differ from production. */
export interface ServerOptions extends Configuration {
  readonly log: Logger;
  readonly clock?: Clock;
  readonly limits?: Partial<ApiLimits>;
  /** Schema of the PostgreSQL database, for tests that share one. */
  readonly schemaName?: string;
}

/** A server that is ready. */
export interface RunningServer {
  /** How to reach it, with the port that is really bound. */
  readonly url: string;
  /** Stops claiming, lets what is under way end and closes, in that order. Idempotent. */
  stop(reason: string): Promise<void>;
}

/** Wires the service together and starts it; what was started is stopped again when a later part fails. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const stack = new StopStack(options.log);
  try {
    const url = await startParts(options, stack);
    return { url, stop: (reason) => stack.stop(reason) };
  } catch (error) {
    await stack.stop("the start failed");
    throw error;
  }
}

async function startParts(options: ServerOptions, stack: StopStack): Promise<string> {
  const clock = options.clock ?? new SystemClock();
  const tls = options.tlsFiles === undefined ? undefined : await readTlsFiles(options.tlsFiles);
  await prepareDataDir(options.dataDir);
  const db = await openStore(options);
  stack.push("store", () => db.close());
  const bus = new InProcessBus();
  stack.push("bus", () => bus.close());
  const shared = { db, bus, clock, newId: randomUUID, log: options.log };
  const isFirstStart = await ensureAdminToken({ ...shared, dataDir: options.dataDir });
  if (isFirstStart) options.log.info({ file: adminTokenFile }, "created the first admin token");
  const serverKey = await loadServerKey(db);
  const archives = openArchives(db, options.dataDir);
  const scheduler = new Scheduler({ ...shared, archives });
  const gateway = new Gateway({ ...shared, reports: scheduler, serverKey });
  const api = createApi({
    ...shared,
    archives,
    jobControl: scheduler,
    serverPublicKey: serverKey.publicKey,
    version: readVersion(),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(tls === undefined ? {} : { tls }),
  });
  addServiceMetrics(api.metrics, { scheduler, gateway });
  takeUpgrades(api, gateway);
  // Stopped in reverse: no more changes, nodes dismissed with their reports committed, loops, then what they stand on.
  stack.push("api", () => api.close());
  stack.push("scheduler", () => scheduler.stop());
  stack.push("gateway", (reason) => gateway.stop(reason));
  stack.push("drain", async () => api.drain());
  await scheduler.start();
  await gateway.start();
  const port = await listen(api, options);
  return urlOf({ host: options.address.host, port }, tls !== undefined);
}

function takeUpgrades(api: Api, gateway: Gateway): void {
  api.server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!gateway.handleUpgrade(request, socket, head)) refuseUpgrade(socket);
  });
}

async function openStore(options: ServerOptions): Promise<Database> {
  if (options.databaseUrl === undefined) return openDatabase({ dataDir: options.dataDir });
  return openDatabase({
    databaseUrl: options.databaseUrl,
    ...(options.schemaName === undefined ? {} : { schemaName: options.schemaName }),
  });
}

async function readTlsFiles(files: {
  readonly cert: string;
  readonly key: string;
}): Promise<TlsFiles> {
  try {
    const [cert, key] = await Promise.all([
      readFile(files.cert, "utf8"),
      readFile(files.key, "utf8"),
    ]);
    return { cert, key };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CourierError("USAGE", `--tls-cert, --tls-key: ${reason}`, { cause });
  }
}

async function listen(api: Api, options: ServerOptions): Promise<number> {
  const { host, port } = options.address;
  try {
    return await api.listen(options.address);
  } catch (cause) {
    throw new CourierError("USAGE", `--listen ${host}:${port}: ${listenFailure(cause)}`, { cause });
  }
}

function listenFailure(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") return "the port is in use by another process";
  if (code === "EACCES") return "not allowed to use this port";
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return "this machine has no such address";
  return cause instanceof Error ? cause.message : String(cause);
}
