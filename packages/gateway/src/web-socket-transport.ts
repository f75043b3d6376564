import type { WebSocket } from "ws";
import type { SessionTransport } from "./session.ts";

/** A session's frames over one WebSocket. */
export class WebSocketTransport implements SessionTransport {
  readonly remoteAddress: string;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, remoteAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: string): void {
    this.#socket.send(frame);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close();
  }
}
