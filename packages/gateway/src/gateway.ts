import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Bus } from "@courier/bus";
import type { Clock, Service, Timer } from "@courier/core";
import { frameBytesMax, type NodeReports } from "@courier/protocol";
import { touchNodes, type Database } from "@courier/store";
import type { Logger } from "pino";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { sessionPath, touchIntervalMs, watchIntervalMs } from "./limits.ts";
import type { ServerKey } from "./server-key.ts";
import { Session } from "./session.ts";
import { WebSocketTransport } from "./web-socket-transport.ts";

/** What a gateway is made of. */
export interface GatewayOptions {
  readonly db: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly reports: NodeReports;
  readonly serverKey: ServerKey;
  readonly log: Logger;
}

/** Plain numbers for the metrics page. */
export interface GatewayStats {
  readonly connectedNodes: number;
  readonly connections: number;
}

/** Holds the WebSocket sessions of the nodes that are connected to this process. */
export class Gateway implements Service {
  readonly #options: GatewayOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: frameBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
  });
  readonly #sessions = new Map<Session, WebSocket>();
  /** Departures and upkeep under way: `stop` waits for them, because they use the database. */
  readonly #inFlight = new Set<Promise<void>>();
  readonly #timers = new Map<string, Timer>();
  #isRunning = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#isRunning = true;
    this.#every("watch", watchIntervalMs, async () => this.#watch());
    this.#every("touch", touchIntervalMs, () => this.#touch());
  }

  /** Dismisses every node; they come back by themselves. Resolves when all departures are recorded. */
  async stop(reason: string): Promise<void> {
    this.#isRunning = false;
    for (const timer of this.#timers.values()) timer.cancel();
    const sockets = [...this.#sessions.values()];
    for (const session of this.#sessions.keys()) {
      session.dismiss("SERVICE_DRAINING", reason);
      this.#end(session);
    }
    await Promise.all(this.#inFlight);
    for (const socket of sockets) socket.terminate();
  }

  /** Takes over an HTTP upgrade for the session path; false when the path is another one. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const path = (request.url ?? "").split("?", 1)[0];
    if (path !== sessionPath) return false;
    if (!this.#isRunning) {
      socket.destroy();
      return true;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open(webSocket, request.socket.remoteAddress ?? "");
    });
    return true;
  }

  /** How many nodes and connections there are now. */
  stats(): GatewayStats {
    let connectedNodes = 0;
    for (const session of this.#sessions.keys()) {
      if (session.nodeId !== undefined) connectedNodes += 1;
    }
    return { connectedNodes, connections: this.#sessions.size };
  }

  #open(webSocket: WebSocket, remoteAddress: string): void {
    const transport = new WebSocketTransport(webSocket, remoteAddress);
    const session = new Session({ ...this.#options, transport });
    this.#sessions.set(session, webSocket);
    webSocket.on("message", (data, isBinary) => {
      if (isBinary) session.dismiss("FRAME_INVALID", "frames are text");
      else session.receive(textOf(data));
    });
    webSocket.on("pong", () => session.heard());
    webSocket.on("close", () => this.#end(session));
    webSocket.on("error", (error) => {
      this.#options.log.debug({ err: error }, "a node's connection failed");
    });
  }

  #end(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    this.#follow(session.closed());
  }

  #follow(work: Promise<void>): void {
    const following = work.finally(() => this.#inFlight.delete(following));
    this.#inFlight.add(following);
  }

  /** Gives every node a sign of life, and lets go of those that give none. */
  #watch(): void {
    for (const [session, socket] of this.#sessions) {
      if (!session.isSilent()) {
        socket.ping();
        continue;
      }
      this.#options.log.info({ nodeId: session.nodeId }, "session went silent");
      socket.terminate();
    }
  }

  async #touch(): Promise<void> {
    const nodeIds: string[] = [];
    for (const session of this.#sessions.keys()) {
      if (session.nodeId !== undefined) nodeIds.push(session.nodeId);
    }
    if (nodeIds.length > 0)
      await touchNodes(this.#options.db, { nodeIds, now: this.#options.clock.now() });
  }

  #every(name: string, intervalMs: number, work: () => Promise<void>): void {
    const timer = this.#options.clock.setTimer(intervalMs, () => {
      const turn = work()
        .catch((error: unknown) => this.#options.log.warn({ err: error }, "gateway upkeep failed"))
        .finally(() => {
          if (this.#isRunning) this.#every(name, intervalMs, work);
        });
      this.#follow(turn);
    });
    this.#timers.set(name, timer);
  }
}

function textOf(data: RawData): string {
  if (Buffer.isBuffer(data)) return data.toString();
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data).toString();
}
