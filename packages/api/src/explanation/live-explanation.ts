import type { ExplainedInstance } from "@courier/schema";
import type { ApiContext } from "../api-context.ts";
import { explanationIntervalMs, explanationRefreshMs, explanationRestFactor } from "../limits.ts";
import { readExplanation } from "./explain.ts";

/** The explanations of one stream: made at a pace that follows their cost, told only when they say something new. */
export class LiveExplanation {
  readonly #context: Pick<ApiContext, "clock" | "db" | "jobControl">;
  readonly #instanceId: string;
  #toldText = "";
  #earliestAtMs = 0;
  #refreshAtMs = 0;

  constructor(context: Pick<ApiContext, "clock" | "db" | "jobControl">, instanceId: string) {
    this.#context = context;
    this.#instanceId = instanceId;
  }

  /** The explanation when it is due, or needed now, and differs from the one before. */
  async next(isNeeded: boolean): Promise<ExplainedInstance | undefined> {
    const { clock } = this.#context;
    const startedAtMs = clock.monotonicMs();
    if (!isNeeded && startedAtMs < this.#earliestAtMs) {
      this.#refreshAtMs = this.#earliestAtMs;
      return undefined;
    }
    const item = await readExplanation(this.#context, this.#instanceId);
    const endedAtMs = clock.monotonicMs();
    const restMs = (endedAtMs - startedAtMs) * explanationRestFactor;
    this.#earliestAtMs = endedAtMs + Math.max(explanationIntervalMs, restMs);
    this.#refreshAtMs = endedAtMs + Math.max(explanationRefreshMs, restMs);
    const text = JSON.stringify({ ...item, at: "" });
    if (text === this.#toldText) return undefined;
    this.#toldText = text;
    return item;
  }

  /** How long until another one is due although nothing was announced: nodes come and go in silence. */
  dueInMs(): number {
    return Math.max(1, this.#refreshAtMs - this.#context.clock.monotonicMs());
  }
}
