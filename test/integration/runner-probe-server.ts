import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  challengeText,
  protocolVersion,
  welcomeText,
  type Assignment,
  type Hello,
  type NodeMessage,
  type OutputStream,
  type RunResult,
  type ServerMessage,
  type StopOutcome,
} from "@courier/protocol";
import { WebSocketServer, type WebSocket } from "ws";
import { EvidenceProbe } from "./runner-probe-evidence.ts";

interface Waiter {
  readonly matches: (message: NodeMessage) => boolean;
  readonly resolve: (message: NodeMessage) => void;
}

/** A piece of output as it arrived. */
interface Piece {
  readonly offset: number;
  readonly data: Buffer;
}

/**
 * A small peer that speaks the node protocol over real sockets: what the agent sees of a service. Behaves well unless
 * a test switches something off.
 */
export class ProbeServer {
  /** Everything that nodes sent, in order of arrival. */
  readonly messages: NodeMessage[] = [];
  readonly evidence = new EvidenceProbe();
  acksResults = true;
  acksOutput = true;
  heartbeatIntervalMs = 1000;
  /** Sent right after each welcome: what waited for the node. */
  readonly orders: ServerMessage[] = [];
  /** Signs its welcome with a key that no node has pinned. */
  isImpostor = false;
  /** What the next enrolment requests are answered with, before good ones. */
  readonly enrollAnswers: ("hangUp" | { readonly status: number; readonly body: unknown })[] = [];
  /** Requests seen by the enrolment route. */
  readonly enrollBodies: Record<string, unknown>[] = [];
  readonly #keys = generateKeyPairSync("ed25519");
  readonly #otherKeys = generateKeyPairSync("ed25519");
  readonly #nodes = new Map<string, { readonly nodeId: string; readonly publicKey: string }>();
  readonly #waiters = new Set<Waiter>();
  readonly #output = new Map<string, Piece[]>();
  readonly #sockets = new Set<WebSocket>();
  readonly #established = new Map<WebSocket, string>();
  #isDeaf = false;
  #http: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens on a free port; again on the same one after `stop`. */
  async start(): Promise<void> {
    const http = createServer((request, response) => {
      if (EvidenceProbe.concerns(request)) void this.evidence.handle(request, response);
      else void this.#enroll(request, response);
    });
    const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    http.on("upgrade", (request, socket, head) => {
      webSockets.handleUpgrade(request, socket, head, (ws) => this.#serve(ws));
    });
    await new Promise<void>((resolve) => {
      http.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (http.address() as AddressInfo).port;
    this.#http = http;
  }

  async stop(): Promise<void> {
    const http = this.#http;
    if (http === undefined) return;
    this.#http = undefined;
    this.dropConnections();
    http.closeAllConnections();
    await new Promise((resolve) => {
      http.close(resolve);
    });
  }

  /** Cuts all connections without a word. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  /** Stops reading: what nodes send, pings included, is not answered; new connections wait. */
  deafen(): void {
    this.#isDeaf = true;
    for (const socket of this.#sockets) socket.pause();
  }

  hearAgain(): void {
    this.#isDeaf = false;
    for (const socket of this.#sockets) socket.resume();
  }

  assign(...runs: Assignment[]): void {
    this.send({ type: "assign", runs });
  }

  stopRun(runId: string, outcome: StopOutcome = "canceled", token = 1): void {
    this.send({ type: "stop", runs: [{ runId, token, outcome }] });
  }

  /** To every established node. */
  send(message: ServerMessage): void {
    for (const socket of this.#established.keys()) socket.send(JSON.stringify([message]));
  }

  /** The first message (also among those that came already) that matches. */
  async waitFor<M extends NodeMessage>(matches: (message: NodeMessage) => message is M): Promise<M>;
  async waitFor(matches: (message: NodeMessage) => boolean): Promise<NodeMessage>;
  async waitFor(matches: (message: NodeMessage) => boolean): Promise<NodeMessage> {
    const seen = this.messages.find((message) => matches(message));
    return seen ?? (await this.next(matches));
  }

  /** The next message that matches, from now on. */
  next(matches: (message: NodeMessage) => boolean): Promise<NodeMessage> {
    return new Promise((resolve) => {
      this.#waiters.add({ matches, resolve });
    });
  }

  /** The (next) hello of a node. */
  async nextHello(): Promise<Hello> {
    return (await this.next((message) => message.type === "hello")) as Hello;
  }

  result(runId: string, token = 1): Promise<RunResult> {
    return this.waitFor(
      (message): message is RunResult =>
        message.type === "result" && message.runId === runId && message.token === token,
    );
  }

  started(runId: string): Promise<NodeMessage> {
    return this.waitFor((message) => message.type === "started" && message.runId === runId);
  }

  /** Pieces of a stream as they lie: sorted by offset, repeats left out. */
  pieces(runId: string, options: Partial<StreamName> = {}): Piece[] {
    const pieces = this.#output.get(streamKey(runId, options)) ?? [];
    const byOffset = new Map(pieces.map((piece) => [piece.offset, piece]));
    return [...byOffset.values()].sort((left, right) => left.offset - right.offset);
  }

  /** The text of a stream; throws where a byte is missing. */
  text(runId: string, options: Partial<StreamName> = {}): string {
    let end = 0;
    const parts = this.pieces(runId, options).map((piece) => {
      if (piece.offset > end) throw new Error(`gap in output at ${end}`);
      const fresh = piece.data.subarray(end - piece.offset);
      end = Math.max(end, piece.offset + piece.data.length);
      return fresh;
    });
    return Buffer.concat(parts).toString("latin1");
  }

  #serve(socket: WebSocket): void {
    this.#sockets.add(socket);
    const serverNonce = randomBytes(16).toString("base64");
    const challenge: ServerMessage = { type: "challenge", protocolVersion, nonce: serverNonce };
    socket.send(JSON.stringify([challenge]));
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as NodeMessage[];
      for (const message of frame) {
        if (message.type === "hello") this.#welcome(socket, message, serverNonce);
        this.#take(socket, message);
      }
    });
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#established.delete(socket);
    });
    if (this.#isDeaf) socket.pause();
  }

  #welcome(socket: WebSocket, hello: Hello, serverNonce: string): void {
    const node = [...this.#nodes.values()].find((known) => known.nodeId === hello.nodeId);
    if (node === undefined) throw new Error(`unknown node ${hello.nodeId}`);
    const parts = { serverNonce, nodeNonce: hello.nonce, nodeId: hello.nodeId };
    const key = createPublicKey({
      key: Buffer.from(node.publicKey, "base64"),
      type: "spki",
      format: "der",
    });
    const signature = Buffer.from(hello.signature, "base64");
    if (!verify(null, Buffer.from(challengeText(parts)), key, signature)) {
      throw new Error("hello is not signed by the node's key");
    }
    const { privateKey } = this.isImpostor ? this.#otherKeys : this.#keys;
    const welcome: ServerMessage = {
      type: "welcome",
      signature: sign(null, Buffer.from(welcomeText(parts)), privateKey).toString("base64"),
      serverTime: 0,
      heartbeatIntervalMs: this.heartbeatIntervalMs,
    };
    this.#established.set(socket, hello.nodeId);
    socket.send(JSON.stringify([welcome]));
    for (const order of this.orders) socket.send(JSON.stringify([order]));
  }

  #take(socket: WebSocket, message: NodeMessage): void {
    this.messages.push(message);
    if (message.type === "output") this.#takeOutput(socket, message);
    if (message.type === "result" && this.acksResults) {
      socket.send(JSON.stringify([{ type: "ack", results: [message.runId], output: [] }]));
    }
    for (const waiter of this.#waiters) {
      if (!waiter.matches(message)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(message);
    }
  }

  #takeOutput(socket: WebSocket, chunk: Extract<NodeMessage, { type: "output" }>): void {
    const { runId, stepNumber, attempt, stream, offset } = chunk;
    const data = Buffer.from(chunk.data, "base64");
    const key = streamKey(runId, { stepNumber, attempt, stream });
    this.#output.set(key, [...(this.#output.get(key) ?? []), { offset, data }]);
    if (!this.acksOutput) return;
    const nextOffset = offset + data.length;
    const output = [{ runId, stepNumber, attempt, stream, nextOffset }];
    socket.send(JSON.stringify([{ type: "ack", results: [], output }]));
  }

  async #enroll(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (request.url?.endsWith("/enroll") !== true)
      return reply(response, { status: 404, body: {} });
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, string>;
    this.enrollBodies.push(body);
    const answer = this.enrollAnswers.shift();
    if (answer !== undefined && answer !== "hangUp") return reply(response, answer);
    const item = this.#admit(body["name"] ?? "", body["publicKey"] ?? "");
    if (answer === "hangUp") return void request.socket.destroy();
    reply(response, { status: 200, body: { item } });
  }

  /** The same name with the same key is the same node: its first answer got lost. */
  #admit(name: string, publicKey: string): { nodeId: string; serverPublicKey: string } {
    const known = this.#nodes.get(name);
    const nodeId = known?.nodeId ?? crypto.randomUUID();
    this.#nodes.set(name, { nodeId, publicKey });
    const spki = this.#keys.publicKey.export({ type: "spki", format: "der" });
    return { nodeId, serverPublicKey: spki.toString("base64") };
  }
}

/** Which stream of a run. */
interface StreamName {
  readonly stepNumber: number;
  readonly attempt: number;
  readonly stream: OutputStream;
}

function streamKey(runId: string, options: Partial<StreamName>): string {
  return `${runId} ${options.stepNumber ?? 1} ${options.attempt ?? 1} ${options.stream ?? "stdout"}`;
}

function reply(
  response: ServerResponse,
  answer: { readonly status: number; readonly body: unknown },
): void {
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer.body));
}
