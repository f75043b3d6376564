import { assertNever } from "../assert.ts";
import { compileIRegexp, type LinearRegex } from "../text/linear-regex.ts";
import { isBefore, isEqual, isObject } from "./comparison.ts";
import type {
  FilterTest,
  JsonPath,
  Query,
  Segment,
  Selector,
  ValueExpression,
} from "./json-path.ts";
import { childOf, type Key, type Place } from "./place.ts";
import { TooMuch, WorkBudget } from "./work-budget.ts";

type RegexTest = Extract<FilterTest, { kind: "match" | "search" }>;

/** One evaluation of a path on a document; each of its methods throws `TooMuch` when the budget of all is spent. */
export class Evaluation {
  readonly #document: Place;
  readonly #budget: WorkBudget;
  /** By `match` or `search` and the pattern; undefined for one that is no I-Regexp. */
  readonly #regexes = new Map<string, LinearRegex | undefined>();

  constructor(document: unknown, budget: WorkBudget = new WorkBudget()) {
    this.#document = { value: document, within: undefined };
    this.#budget = budget;
  }

  /** The places that a path selects, in the RFC's order, found as they are asked for. */
  select(path: JsonPath, from: Place = this.#document): Iterable<Place> {
    let places: Iterable<Place> = [from];
    for (const segment of path) places = this.#step(segment, places);
    return places;
  }

  *#step({ isDescendant, selectors }: Segment, from: Iterable<Place>): Generator<Place> {
    for (const start of from) {
      for (const place of isDescendant ? this.#withDescendants(start) : [start]) {
        for (const selector of selectors) yield* this.#take(selector, place);
      }
    }
  }

  /** A stack of its own: a document may be deeper than the call stack. */
  *#withDescendants(from: Place): Generator<Place> {
    const stack = [from];
    for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
      yield place;
      const keys = this.#keysIn(place.value);
      for (const key of keys.toReversed()) stack.push(childOf(place, key));
    }
  }

  *#take(selector: Selector, place: Place): Generator<Place> {
    this.#budget.spend(1);
    const { value } = place;
    switch (selector.kind) {
      case "name":
        if (isObject(value) && !Array.isArray(value) && Object.hasOwn(value, selector.name)) {
          yield childOf(place, selector.name);
        }
        return;
      case "index":
        if (Array.isArray(value)) {
          const index = selector.index < 0 ? value.length + selector.index : selector.index;
          if (index >= 0 && index < value.length) yield childOf(place, index);
        }
        return;
      case "wildcard":
        yield* this.#childrenOf(place);
        return;
      case "slice":
        if (Array.isArray(value))
          for (const index of sliced(selector, value.length)) yield childOf(place, index);
        return;
      case "filter":
        for (const child of this.#childrenOf(place)) {
          if (this.#holds(selector.test, child)) yield child;
        }
        return;
      default:
        assertNever(selector, "selector");
    }
  }

  /** The elements of a list as they are asked for; the names of an object cannot be had one by one. */
  *#childrenOf(place: Place): Generator<Place> {
    const { value } = place;
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) yield childOf(place, index);
    } else {
      for (const name of this.#keysIn(value)) yield childOf(place, name);
    }
  }

  #keysIn(value: unknown): readonly Key[] {
    if (!isObject(value)) return [];
    const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
    this.#budget.spend(keys.length);
    return keys;
  }

  #holds(test: FilterTest, element: Place): boolean {
    this.#budget.spend(1);
    switch (test.kind) {
      case "or":
        return test.tests.some((each) => this.#holds(each, element));
      case "and":
        return test.tests.every((each) => this.#holds(each, element));
      case "not":
        return !this.#holds(test.test, element);
      case "exists":
        for (const _ of this.#nodes(test.query, element)) return true;
        return false;
      case "compare":
        return this.#compare(test, element);
      case "match":
      case "search":
        return this.#matches(test, element);
      default:
        return assertNever(test, "filter");
    }
  }

  #nodes({ isFromRoot, path }: Query, element: Place): Iterable<Place> {
    return this.select(path, isFromRoot ? this.#document : element);
  }

  #compare(test: Extract<FilterTest, { kind: "compare" }>, element: Place): boolean {
    const left = this.#value(test.left, element);
    const right = this.#value(test.right, element);
    const budget = this.#budget;
    switch (test.operator) {
      case "==":
        return isEqual(left, right, budget);
      case "!=":
        return !isEqual(left, right, budget);
      case "<":
        return isBefore(left, right, budget);
      case ">":
        return isBefore(right, left, budget);
      case "<=":
        return isBefore(left, right, budget) || isEqual(left, right, budget);
      case ">=":
        return isBefore(right, left, budget) || isEqual(left, right, budget);
      default:
        return assertNever(test.operator, "operator");
    }
  }

  /** The value of an expression; undefined is the RFC's Nothing, which no JSON value is. */
  #value(expression: ValueExpression, element: Place): unknown {
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "length":
        return this.#length(this.#value(expression.of, element));
      case "count":
        return this.#count(this.#nodes(expression.of, element));
      case "value":
        return onlyOne(this.#nodes(expression.of, element));
      case "query":
        return onlyOne(this.#nodes(expression, element));
      default:
        return assertNever(expression, "expression");
    }
  }

  /** Unicode scalar values of a text, elements of a list, members of an object; anything else has no length. */
  #length(value: unknown): number | undefined {
    if (Array.isArray(value)) return value.length;
    if (isObject(value)) return this.#keysIn(value).length;
    if (typeof value !== "string") return undefined;
    this.#budget.spendOnText(value.length);
    return value.length - (value.match(/[\u{10000}-\u{10FFFF}]/gu)?.length ?? 0);
  }

  #count(nodes: Iterable<Place>): number {
    let count = 0;
    for (const _ of nodes) {
      this.#budget.spend(1);
      count += 1;
    }
    return count;
  }

  /** False, too, for what is no text, and for a pattern that is no I-Regexp (RFC 9535 sections 2.4.6 and 2.4.7). */
  #matches({ kind, text, pattern }: RegexTest, element: Place): boolean {
    const searched = this.#value(text, element);
    const expression = this.#value(pattern, element);
    if (typeof searched !== "string" || typeof expression !== "string") return false;
    this.#budget.spendOnText(expression.length);
    const regex = this.#regex(kind, expression);
    if (regex === undefined) return false;
    this.#budget.spendOnSearch(regex.programSize, searched.length);
    return regex.isFoundIn(searched);
  }

  #regex(kind: RegexTest["kind"], pattern: string): LinearRegex | undefined {
    const key = `${kind} ${pattern}`;
    if (this.#regexes.has(key)) return this.#regexes.get(key);
    this.#budget.spendOnCompiling(pattern);
    const compiled = compileIRegexp(pattern, { isWhole: kind === "match" });
    if (!compiled.ok && compiled.isTooLarge) throw new TooMuch();
    const regex = compiled.ok ? compiled.regex : undefined;
    this.#regexes.set(key, regex);
    return regex;
  }
}

/** Nothing (`undefined`) unless there is exactly one value. */
function onlyOne(places: Iterable<Place>): unknown {
  let only: Place | undefined;
  for (const place of places) {
    if (only !== undefined) return undefined;
    only = place;
  }
  return only?.value;
}

function* sliced(
  { start, end, step }: Extract<Selector, { kind: "slice" }>,
  length: number,
): Generator<number> {
  const normal = (index: number): number => (index < 0 ? index + length : index);
  if (step > 0) {
    const last = Math.min(normal(end ?? length), length);
    for (let at = Math.max(normal(start ?? 0), 0); at < last; at += step) yield at;
  }
  if (step < 0) {
    const last = end === undefined ? -1 : Math.max(normal(end), -1);
    for (let at = Math.min(normal(start ?? length - 1), length - 1); at > last; at += step)
      yield at;
  }
}
