import { randomBytes, randomUUID } from "node:crypto";
import type { Bus, Unsubscribe } from "@courier/bus";
import { CourierError, type Clock, type Timer } from "@courier/core";
import {
  decodeNodeFrame,
  encodeFrame,
  nodeTopic,
  protocolVersion,
  welcomeText,
  type Hello,
  type NodeDelivery,
  type NodeMessage,
  type NodeReports,
  type NodeSession,
  type RunReport,
  type ServerMessage,
} from "@courier/protocol";
import type { Db } from "@courier/store";
import type { Logger } from "pino";
import { acknowledge } from "./acknowledge.ts";
import {
  heartbeatIntervalMs,
  helloTimeoutMs,
  queuedBytesMax,
  silenceMaxMs,
  unrecordedBytesMax,
} from "./limits.ts";
import { signText, type ServerKey } from "./server-key.ts";
import { verifyHello } from "./verify-hello.ts";

/** What carries a session's frames; a WebSocket in production. */
export interface SessionTransport {
  readonly remoteAddress: string;
  /** Bytes given to `send` that the peer has not taken yet. */
  readonly queuedBytes: number;
  send(frame: string): void;
  /** Stops and resumes reading from the peer. */
  pause(): void;
  resume(): void;
  /** Ends the connection after what was sent. */
  close(): void;
}

/** What a session needs from its surroundings. */
export interface SessionOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reports: NodeReports;
  readonly serverKey: ServerKey;
  readonly transport: SessionTransport;
}

/**
 * One connection of one node: challenge, proof, then messages both ways.
 * Frames are acknowledged only after their commit; when they cannot be recorded the session ends and the node resends.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #serverNonce = randomBytes(24).toString("base64");
  readonly #helloTimer: Timer;
  /** `closed`: nothing is taken or sent any more, although the connection may take a while to end. */
  #state: "challenged" | "verifying" | "connected" | "closed" = "challenged";
  #identity: NodeSession | undefined;
  /** The scheduler knows the session, and has to be told when it ends. */
  #hasArrived = false;
  #greeting: Promise<void> = Promise.resolve();
  #departure: Promise<void> = Promise.resolve();
  #unsubscribe: Unsubscribe | undefined;
  /** Messages for the node that the bus brought before the welcome was sent. */
  #held: ServerMessage[] = [];
  #unrecordedBytes = 0;
  #isPaused = false;
  #lastHeardAt: number;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#lastHeardAt = options.clock.monotonicMs();
    this.#helloTimer = options.clock.setTimer(helloTimeoutMs, () => {
      this.#refuse("HELLO_TIMEOUT", "no hello arrived in time", true);
    });
    this.#send([{ type: "challenge", protocolVersion, nonce: this.#serverNonce }]);
  }

  /** The node behind the session, once it has proved its identity. */
  get nodeId(): string | undefined {
    return this.#state === "connected" ? this.#identity?.nodeId : undefined;
  }

  /** Takes one frame from the peer. */
  receive(frame: string): void {
    if (this.#state === "closed") return;
    this.#lastHeardAt = this.#options.clock.monotonicMs();
    const decoded = decodeNodeFrame(frame);
    if (!decoded.ok) {
      this.#refuse("FRAME_INVALID", decoded.reason, true);
      return;
    }
    if (this.#state === "connected") this.#record(decoded.messages, frame.length);
    else this.#greet(decoded.messages);
  }

  /** A sign of life below the messages (WebSocket pong). */
  heard(): void {
    this.#lastHeardAt = this.#options.clock.monotonicMs();
  }

  /** True when nothing has been heard for too long although we listened. */
  isSilent(): boolean {
    if (this.#isPaused) return false;
    return this.#options.clock.monotonicMs() - this.#lastHeardAt > silenceMaxMs;
  }

  /** Tells the node to go, and whether to come back. */
  dismiss(code: string, reason: string): void {
    this.#refuse(code, reason, true);
  }

  /** The connection is gone. Resolves when the departure is recorded. */
  async closed(): Promise<void> {
    this.#leave();
    await this.#departure;
  }

  #greet(messages: readonly NodeMessage[]): void {
    const [hello] = messages;
    if (this.#state !== "challenged" || hello?.type !== "hello") {
      this.#refuse("HELLO_EXPECTED", "the first message must be a hello", false);
      return;
    }
    this.#state = "verifying";
    // From here on the node waits for us: how long the database takes is not its fault.
    this.#helloTimer.cancel();
    this.#greeting = this.#welcome(hello).catch((error: unknown) => this.#failed(error));
  }

  async #welcome(hello: Hello): Promise<void> {
    const { db, bus, reports, transport } = this.#options;
    const verdict = await verifyHello(db, hello, this.#serverNonce);
    if (!verdict.ok) {
      this.#refuse(verdict.code, verdict.reason, verdict.isRetryable);
      return;
    }
    if (this.#isGone()) return;
    const { nodeId } = hello;
    const { remoteAddress } = transport;
    this.#identity = { nodeId, sessionId: randomUUID(), remoteAddress };
    // From here on nothing that is published for the node is missed; what reconciliation repeats the node ignores.
    this.#unsubscribe = bus.subscribe(nodeTopic(nodeId), (data) => this.#deliver(data));
    await reports.connected(hello, this.#identity);
    this.#hasArrived = true;
    if (this.#isGone()) return;
    this.#state = "connected";
    this.#send([this.#welcomeMessage(hello)]);
    // A frame each: together they could be larger than a frame may be.
    for (const message of this.#held) this.#send([message]);
    this.#held = [];
  }

  #welcomeMessage(hello: Hello): ServerMessage {
    const { nodeId, nonce: nodeNonce } = hello;
    const text = welcomeText({ serverNonce: this.#serverNonce, nodeNonce, nodeId });
    const signature = signText(this.#options.serverKey, text);
    const serverTime = this.#options.clock.now();
    return { type: "welcome", signature, serverTime, heartbeatIntervalMs };
  }

  #deliver(data: unknown): void {
    // The bus carries plain data; on a node's topic the scheduler publishes nothing but deliveries.
    const { sessionId, message } = data as NodeDelivery;
    if (sessionId !== null && sessionId !== this.#identity?.sessionId) return;
    if (this.#state === "connected") this.#send([message]);
    else if (this.#state === "verifying") this.#held.push(message);
  }

  #record(messages: readonly NodeMessage[], bytes: number): void {
    const reports: RunReport[] = [];
    for (const message of messages) {
      if (message.type === "hello") {
        this.#refuse("HELLO_REPEATED", "a session has one hello", false);
        return;
      }
      if (message.type !== "heartbeat") reports.push(message);
    }
    if (reports.length === 0 || this.#identity === undefined) return;
    this.#hold(bytes);
    this.#options.reports.reported(this.#identity.nodeId, reports).then(
      () => {
        this.#release(bytes);
        const ack = acknowledge(reports);
        if (ack !== undefined) this.#send([ack]);
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #hold(bytes: number): void {
    this.#unrecordedBytes += bytes;
    if (this.#isPaused || this.#unrecordedBytes <= unrecordedBytesMax) return;
    this.#isPaused = true;
    this.#options.transport.pause();
  }

  #release(bytes: number): void {
    this.#unrecordedBytes -= bytes;
    if (!this.#isPaused || this.#unrecordedBytes > unrecordedBytesMax) return;
    this.#isPaused = false;
    this.heard();
    this.#options.transport.resume();
  }

  #send(messages: readonly ServerMessage[]): void {
    if (this.#state === "closed") return;
    if (this.#options.transport.queuedBytes > queuedBytesMax) {
      this.#options.log.warn({ nodeId: this.#identity?.nodeId }, "node reads too slowly");
      this.#leave();
      this.#options.transport.close();
      return;
    }
    this.#options.transport.send(encodeFrame(messages));
  }

  #failed(error: unknown): void {
    const isOperational = error instanceof CourierError;
    if (!isOperational) this.#options.log.error({ err: error }, "a session failed");
    const code = isOperational ? error.code : "INTERNAL";
    this.#refuse(code, isOperational ? error.message : "internal error, see the log", true);
  }

  #refuse(code: string, reason: string, retryable: boolean): void {
    if (this.#state === "closed") return;
    this.#options.log.info({ nodeId: this.#identity?.nodeId, code, reason }, "session ends");
    this.#send([{ type: "goodbye", code, reason, retryable }]);
    this.#leave();
    this.#options.transport.close();
  }

  #leave(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#departure = this.#depart();
    this.#helloTimer.cancel();
    this.#unsubscribe?.();
    this.#held = [];
  }

  async #depart(): Promise<void> {
    await this.#greeting;
    if (!this.#hasArrived || this.#identity === undefined) return;
    try {
      await this.#options.reports.disconnected(this.#identity);
    } catch (error) {
      this.#options.log.warn({ err: error }, "a departure could not be recorded");
    }
  }

  #isGone(): boolean {
    return this.#state === "closed";
  }
}
