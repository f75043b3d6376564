import type { OutputSink } from "../world.ts";

/** Some lines at the end of a terminal that are replaced in place. Lines must fit the width. */
export class LiveArea {
  readonly #sink: OutputSink;
  #height = 0;

  constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  /** Shows these lines instead of the ones before. */
  draw(lines: readonly string[]): void {
    this.#sink.write(`${this.#erasure()}${lines.map((line) => `${line}\n`).join("")}`);
    this.#height = lines.length;
  }

  /** Writes a line that stays, above the area. */
  print(line: string): void {
    this.#sink.write(`${this.#erasure()}${line}\n`);
    this.#height = 0;
  }

  /** Leaves what is shown and starts a new area below. */
  settle(): void {
    this.#height = 0;
  }

  #erasure(): string {
    return this.#height === 0 ? "" : `\u001b[${this.#height}A\u001b[0J`;
  }
}
