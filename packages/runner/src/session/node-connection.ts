import { assertNever, type Clock, type Timer } from "@courier/core";
import {
  frameBytesMax,
  type Ack,
  type Assign,
  type NodeMessage,
  type ServerMessage,
  type Stop,
  type Welcome,
} from "@courier/protocol";
import WebSocket from "ws";
import { handshakeTimeoutMs, silentHeartbeatsMax } from "../limits.ts";
import type { Link } from "../run/link.ts";
import { Handshake, type HelloFacts } from "./handshake.ts";
import type { NodeIdentity } from "./identity.ts";
import { readServerFrame } from "./server-frame.ts";
import { trustedAuthorities } from "./trusted-authorities.ts";

/** Why a connection ended. */
export interface ConnectionEnd {
  readonly reason: string;
  /** False when coming back soon makes no sense: the service said so, or is not the one this node trusts. */
  readonly isRetryable: boolean;
  readonly wasEstablished: boolean;
}

/** What a connection tells its owner. */
export interface ConnectionEvents {
  facts(): HelloFacts;
  established(link: Link): void;
  received(message: Assign | Stop | Ack): void;
}

/** Fills a frame up to about this many characters; a single message may be longer. */
const frameLengthAimed = 1024 * 1024;

/** One WebSocket session with the service, from opening to its end. Used once. */
export class NodeConnection implements Link {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  readonly #handshake: Handshake;
  #outbox: string[] = [];
  #isFlushScheduled = false;
  /** Heartbeats since the service was last heard. */
  #silentHeartbeatCount = 0;
  #isEstablished = false;
  #ending: { readonly reason: string; readonly isRetryable: boolean } | undefined;
  #timer: Timer;
  /** Resolves once, when the connection has ended. */
  readonly ended: Promise<ConnectionEnd>;

  constructor(options: {
    readonly url: string;
    readonly caPem?: string | undefined;
    readonly identity: NodeIdentity;
    readonly clock: Clock;
    readonly events: ConnectionEvents;
  }) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#handshake = new Handshake(options.identity);
    this.#timer = options.clock.setTimer(handshakeTimeoutMs, () =>
      this.#abort(`no welcome within ${handshakeTimeoutMs} ms`),
    );
    this.#socket = new WebSocket(sessionUrl(options.url), {
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
      followRedirects: false,
      ...trustedAuthorities(options.caPem),
    });
    this.ended = this.#listen();
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: NodeMessage): void {
    this.#outbox.push(JSON.stringify(message));
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setImmediate(() => this.#flush());
  }

  /** Ends the connection in good order; what was sent before still goes out. */
  close(reason: string): void {
    this.#ending ??= { reason, isRetryable: true };
    this.#flush();
    this.#socket.close(1000);
    // A peer that does not answer the close within a moment is not waited for.
    this.#timer.cancel();
    this.#timer = this.#clock.setTimer(1_000, () => this.#socket.terminate());
  }

  #listen(): Promise<ConnectionEnd> {
    const socket = this.#socket;
    const heard = (): void => {
      this.#silentHeartbeatCount = 0;
    };
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("message", (data, isBinary) => {
      heard();
      if (isBinary || !Buffer.isBuffer(data)) return this.#abort("unexpected binary frame");
      this.#readFrame(data.toString("utf8"));
    });
    return new Promise((resolve) => {
      socket.on("error", (error) => this.#noteEnd(error.message));
      socket.on("close", (code) => {
        this.#timer.cancel();
        const ending = this.#ending ?? { reason: `closed (${code})`, isRetryable: true };
        resolve({ ...ending, wasEstablished: this.#isEstablished });
      });
    });
  }

  #readFrame(text: string): void {
    const frame = readServerFrame(text);
    if (!frame.ok) return this.#abort(`unreadable frame from the service: ${frame.reason}`);
    for (const message of frame.messages) {
      if (this.#ending !== undefined) return;
      this.#take(message);
    }
  }

  #take(message: ServerMessage): void {
    if (message.type === "goodbye") {
      return this.#abort(`${message.code}: ${message.reason}`, message.retryable);
    }
    if (message.type === "challenge") {
      const answer = this.#handshake.answer(message, this.#events.facts());
      if (typeof answer === "string") return this.#abort(answer, false);
      return this.send(answer);
    }
    if (message.type === "welcome") return this.#welcomed(message);
    if (!this.#isEstablished) return this.#abort(`"${message.type}" before the welcome`);
    switch (message.type) {
      case "assign":
      case "stop":
      case "ack":
        return this.#events.received(message);
      default:
        return assertNever(message, "server message");
    }
  }

  #welcomed(welcome: Welcome): void {
    if (!this.#handshake.isGenuine(welcome)) {
      const reason = "the service cannot prove that it is the one this node enrolled with";
      return this.#abort(reason, false);
    }
    this.#timer.cancel();
    this.#isEstablished = true;
    this.#scheduleHeartbeat(Math.max(1, welcome.heartbeatIntervalMs));
    this.#events.established(this);
  }

  /**
   * The ping makes the service's socket answer: so silence means a dead connection, not an idle one. Counted in
   * heartbeats, not in time: a process that was starved for long has answers waiting that it could not read yet.
   */
  #scheduleHeartbeat(intervalMs: number): void {
    this.#timer = this.#clock.setTimer(intervalMs, () => {
      this.#silentHeartbeatCount += 1;
      if (this.#silentHeartbeatCount > silentHeartbeatsMax) {
        return this.#abort(`no answer from the service to ${silentHeartbeatsMax} heartbeats`);
      }
      this.send({ type: "heartbeat", at: this.#clock.now() });
      this.#socket.ping();
      this.#scheduleHeartbeat(intervalMs);
    });
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    const outbox = this.#outbox;
    this.#outbox = [];
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    let frame: string[] = [];
    let length = 0;
    for (const text of outbox) {
      if (length + text.length > frameLengthAimed && frame.length > 0) {
        this.#socket.send(`[${frame.join(",")}]`);
        frame = [];
        length = 0;
      }
      frame.push(text);
      length += text.length + 1;
    }
    if (frame.length > 0) this.#socket.send(`[${frame.join(",")}]`);
  }

  #noteEnd(reason: string, isRetryable = true): void {
    this.#ending ??= { reason, isRetryable };
  }

  #abort(reason: string, isRetryable = true): void {
    this.#noteEnd(reason, isRetryable);
    this.#timer.cancel();
    this.#socket.terminate();
  }
}

function sessionUrl(url: string): string {
  const base = url.replace(/\/+$/, "").replace(/^http/, "ws");
  return `${base}/node/management/v1/session`;
}
