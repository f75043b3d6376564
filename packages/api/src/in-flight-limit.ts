import { CourierError } from "@courier/core";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Lets only so many requests of some routes be under way at once; the others are told to come again. */
export class InFlightLimit {
  readonly #countMax: number;
  #count = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** An `onRequest` hook of a route: runs before the body is read. */
  readonly enter = async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (this.#count >= this.#countMax) {
      reply.header("retry-after", "1");
      throw new CourierError("RATE_LIMITED", "too many transfers at once; try again in 1 s");
    }
    this.#count += 1;
    // Comes also when the client goes away before it is answered.
    reply.raw.once("close", () => {
      this.#count -= 1;
    });
    await Promise.resolve();
  };
}
