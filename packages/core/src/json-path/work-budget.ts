import { estimateInstructions } from "../text/regex-size.ts";

/** Values that one evaluation may look at; what else it does is counted in them, too. */
export const visitedValuesMax = 1_000_000;

/** Characters of a text that are compared or counted for the cost of one value. */
const charactersPerValue = 16;

/** Instructions of a pattern times characters of a text that are searched for the cost of one value. */
const searchWorkPerValue = 20;

/** What it costs to compile a pattern, in values: for each of its characters, and for each of its instructions. */
const compileCost = 20;

/** More would have to be done than a budget has room for. */
export class TooMuch extends Error {}

/** What one evaluation may still cost. Whatever is spent beyond it throws `TooMuch`. */
export class WorkBudget {
  #left: number;

  constructor(values: number = visitedValuesMax) {
    this.#left = values;
  }

  spend(values: number): void {
    this.#left -= values;
    if (this.#left < 0) throw new TooMuch();
  }

  spendOnText(length: number): void {
    this.spend(Math.ceil(length / charactersPerValue));
  }

  spendOnCompiling(pattern: string): void {
    this.spend((pattern.length + estimateInstructions(pattern)) * compileCost);
  }

  spendOnSearch(instructions: number, length: number): void {
    this.spend(1 + Math.ceil((instructions * length) / searchWorkPerValue));
  }
}
