import type { ExplainedInstance, InstanceDetail } from "@courier/schema";

import { redrawIntervalMs } from "../limits.ts";
import { choosePaint } from "../render/color.ts";
import type { World } from "../world.ts";
import { LiveArea } from "./live-area.ts";
import { endedCount, progressLines } from "./progress-lines.ts";

/** Live progress on stderr: bars on a terminal, nothing in a pipe but the notes. */
export class ProgressDisplay {
  readonly #world: World;
  readonly #area: LiveArea | undefined;
  #timer: NodeJS.Timeout | undefined;
  #item: InstanceDetail | undefined;
  #explanation: ExplainedInstance | undefined;
  #since = 0;
  #endedAtStart: readonly number[] = [];

  constructor(world: World) {
    this.#world = world;
    const isLive = world.stderr.isTTY === true && world.env["TERM"] !== "dumb";
    this.#area = isLive ? new LiveArea(world.stderr) : undefined;
  }

  /** Shows a new state, at the pace of the redraw timer. */
  update(item: InstanceDetail): void {
    if (this.#item === undefined) {
      this.#since = this.#world.now();
      this.#endedAtStart = item.groups.map(({ counts }) => endedCount(counts));
    }
    this.#item = item;
    if (this.#area === undefined || this.#timer !== undefined) return;
    this.#draw();
    this.#timer = setInterval(() => {
      this.#draw();
    }, redrawIntervalMs);
  }

  /** Whether anything is shown while it happens. */
  get isLive(): boolean {
    return this.#area !== undefined;
  }

  /** Shows from the next redraw on what the groups wait for, and what failed alike. */
  explain(explanation: ExplainedInstance): void {
    this.#explanation = explanation;
  }

  /** Writes a line that stays. */
  note(line: string): void {
    if (this.#area === undefined) this.#world.stderr.write(`${line}\n`);
    else this.#area.print(line);
  }

  /** Draws the last state and leaves it on the screen. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#draw();
    this.#area?.settle();
  }

  #draw(): void {
    if (this.#item === undefined) return;
    const { stderr, env } = this.#world;
    this.#area?.draw(
      progressLines(this.#item, {
        explanation: this.#explanation,
        now: this.#world.now(),
        since: this.#since,
        endedAtStart: this.#endedAtStart,
        width: Math.max(20, sizeOr(stderr.columns, 80) - 1),
        height: Math.max(3, sizeOr(stderr.rows, 24) - 2),
        isUnicode: /utf-?8/i.test(env["LC_ALL"] ?? env["LC_CTYPE"] ?? env["LANG"] ?? ""),
        paint: choosePaint(stderr, env),
      }),
    );
  }
}

/** A terminal that does not know its size says 0. */
function sizeOr(size: number | undefined, fallback: number): number {
  return size === undefined || size === 0 ? fallback : size;
}
