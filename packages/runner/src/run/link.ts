import type { NodeMessage } from "@courier/protocol";

/** The established connection to the service, as those see it who have something to say. */
export interface Link {
  /** Sends in order; messages of one turn share a frame. Lost when the connection is lost. */
  send(message: NodeMessage): void;
  /** Waiting in the socket, bytes. */
  readonly bufferedBytes: number;
}
