import type { SessionTransport } from "@courier/gateway";
import { decodeServerFrame, type ServerMessage } from "@courier/protocol";

/** The node's end of a session, in memory: keeps what the service sent, decoded and checked. */
export class MemoryTransport implements SessionTransport {
  readonly remoteAddress = "192.0.2.7";
  queuedBytes = 0;
  isPaused = false;
  isClosed = false;
  readonly received: ServerMessage[] = [];

  send(frame: string): void {
    const decoded = decodeServerFrame(frame);
    if (!decoded.ok) throw new Error(decoded.reason);
    this.received.push(...decoded.messages);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(): void {
    this.isClosed = true;
  }

  /** The latest message of a type. */
  find<Type extends ServerMessage["type"]>(
    type: Type,
  ): Extract<ServerMessage, { type: Type }> | undefined {
    return this.received.findLast((message) => message.type === type) as
      | Extract<ServerMessage, { type: Type }>
      | undefined;
  }

  get types(): string[] {
    return this.received.map((message) => message.type);
  }
}
