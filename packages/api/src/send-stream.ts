import type { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { LiveStream } from "./live-streams.ts";

/** A live stream as an answer. */
export interface StreamAnswer {
  readonly mediaType: string;
  readonly live: LiveStream;
  /** Ends when there is no more to say; read only as fast as the client reads. */
  readonly content: Readable;
}

/** Starts to answer with a stream: headers at once, even when there is nothing to send yet. */
export function sendStream(reply: FastifyReply, answer: StreamAnswer): FastifyReply {
  const { content, live } = answer;
  content.once("close", () => live.end());
  reply.raw.once("close", () => live.end());
  reply
    .type(answer.mediaType)
    .header("cache-control", "no-store")
    // A proxy that buffers would turn a live stream into a late one.
    .header("x-accel-buffering", "no")
    .send(content);
  reply.raw.flushHeaders();
  return reply;
}
