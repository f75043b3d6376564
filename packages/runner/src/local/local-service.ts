import type { Ack, NodeMessage, OutputChunk, RunResult } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { Link } from "../run/link.ts";
import { visible, writeTo, type Terminal } from "./terminal.ts";

/** What a local service tells the desk, and whoever started it. */
export interface LocalServiceEvents {
  acknowledge(ack: Ack): void;
  ended(result: RunResult): void;
}

/**
 * Stands where the service would be: shows output as it comes and acknowledges what was shown, so that the same agent
 * code executes the run. It reads no faster than the terminal takes.
 */
export class LocalService implements Link {
  readonly bufferedBytes = 0;
  readonly #steps: readonly CanonicalStep[];
  readonly #terminal: Terminal;
  readonly #events: LocalServiceEvents;
  #shown: Promise<void> = Promise.resolve();
  #heading = "";

  constructor(
    steps: readonly CanonicalStep[],
    options: { readonly terminal: Terminal; readonly events: LocalServiceEvents },
  ) {
    this.#steps = steps;
    this.#terminal = options.terminal;
    this.#events = options.events;
  }

  send(message: NodeMessage): void {
    this.#shown = this.#shown.then(async () => await this.#take(message));
  }

  async #take(message: NodeMessage): Promise<void> {
    switch (message.type) {
      case "output":
        return await this.#show(message);
      case "step":
        return await this.#announce(message.step);
      case "result":
        this.#events.acknowledge({ type: "ack", results: [message.runId], output: [] });
        return this.#events.ended(message);
      case "hello":
      case "heartbeat":
      case "accepted":
      case "started":
        return;
    }
  }

  async #show(chunk: OutputChunk): Promise<void> {
    await this.#head(chunk.stepNumber, chunk.attempt);
    const { stdout, stderr } = this.#terminal;
    const bytes = Buffer.from(chunk.data, "base64");
    await writeTo(chunk.stream === "stdout" ? stdout : stderr, bytes);
    const { runId, stepNumber, attempt, stream, offset } = chunk;
    const nextOffset = offset + bytes.length;
    const output = [{ runId, stepNumber, attempt, stream, nextOffset }];
    this.#events.acknowledge({ type: "ack", results: [], output });
  }

  async #announce(step: Extract<NodeMessage, { type: "step" }>["step"]): Promise<void> {
    if (step.status !== "running" && step.status !== "active") return;
    await this.#head(step.stepNumber, step.attemptCount);
    if (step.reason !== "") await this.#note(visible(step.reason));
  }

  async #head(stepNumber: number, attempt: number): Promise<void> {
    const name = this.#steps[stepNumber - 1]?.name ?? "";
    const again = attempt > 1 ? `, attempt ${attempt}` : "";
    const heading = `step ${stepNumber} of ${this.#steps.length}: ${visible(name)}${again}`;
    if (heading === this.#heading) return;
    this.#heading = heading;
    await this.#note(heading);
  }

  async #note(text: string): Promise<void> {
    await writeTo(this.#terminal.stderr, `[courier] ${text}\n`);
  }
}
