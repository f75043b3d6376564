import { assertNever } from "../assert.ts";
import type { FilterTest, JsonPath, Operand, Segment, Selector } from "./json-path.ts";

/** Values that one evaluation may look at. */
export const visitedValuesMax = 1_000_000;

/** The first value that a path selects, in the order of the document, and the names and indexes that lead to it. */
export type Selection =
  | { readonly kind: "found"; readonly value: unknown; readonly keys: readonly Key[] }
  | { readonly kind: "nothing" }
  /** More than `visitedValuesMax` values would have to be looked at. */
  | { readonly kind: "tooMuch" };

/** A member's name or an element's index. */
export type Key = string | number;

/** A value, and where it was found. */
interface Place {
  readonly value: unknown;
  /** Undefined: the document itself. */
  readonly within: { readonly place: Place; readonly key: Key } | undefined;
}

/** Evaluates a path on parsed JSON; the work is counted and bounded, whatever the path and the document. */
export function selectFirst(path: JsonPath, document: unknown): Selection {
  const evaluation = new Evaluation(document);
  try {
    const { value: place } = evaluation.select(path, { value: document, within: undefined }).next();
    if (place === undefined) return { kind: "nothing" };
    return { kind: "found", value: place.value, keys: keysOf(place) };
  } catch (error) {
    if (error instanceof TooMuch) return { kind: "tooMuch" };
    throw error;
  }
}

class TooMuch extends Error {}

class Evaluation {
  readonly #document: Place;
  #left = visitedValuesMax;

  constructor(document: unknown) {
    this.#document = { value: document, within: undefined };
  }

  *select(path: JsonPath, from: Place, position = 0): Generator<Place, undefined> {
    const segment = path[position];
    if (segment === undefined) {
      yield from;
      return;
    }
    for (const place of this.#step(segment, from)) yield* this.select(path, place, position + 1);
  }

  *#step({ isDescendant, selectors }: Segment, from: Place): Generator<Place, undefined> {
    const places = isDescendant ? this.#withDescendants(from) : [from];
    for (const place of places) {
      for (const selector of selectors) yield* this.#take(selector, place);
    }
  }

  /** A stack of its own: a document may be deeper than the call stack. */
  *#withDescendants(from: Place): Generator<Place, undefined> {
    const stack = [from];
    for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
      this.#count();
      yield place;
      for (const child of childrenOf(place).toReversed()) stack.push(child);
    }
  }

  *#take(selector: Selector, place: Place): Generator<Place, undefined> {
    this.#count();
    const { value } = place;
    switch (selector.kind) {
      case "name":
        if (isObject(value) && Object.hasOwn(value, selector.name)) {
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
        yield* childrenOf(place);
        return;
      case "slice":
        if (Array.isArray(value))
          for (const index of sliced(selector, value.length)) yield childOf(place, index);
        return;
      case "filter":
        for (const child of childrenOf(place)) if (this.#holds(selector.test, child)) yield child;
        return;
      default:
        assertNever(selector, "selector");
    }
  }

  #holds(test: FilterTest, element: Place): boolean {
    this.#count();
    switch (test.kind) {
      case "or":
        return test.tests.some((each) => this.#holds(each, element));
      case "and":
        return test.tests.every((each) => this.#holds(each, element));
      case "not":
        return !this.#holds(test.test, element);
      case "exists":
        return this.#operand(test.operand, element) !== undefined;
      case "compare": {
        const left = this.#operand(test.left, element);
        const right = this.#operand(test.right, element);
        return compare(test.operator, left?.value, right?.value);
      }
      default:
        return assertNever(test, "filter");
    }
  }

  #operand(operand: Operand, element: Place): { readonly value: unknown } | undefined {
    if (operand.kind === "literal") return operand;
    const from = operand.isFromRoot ? this.#document : element;
    return this.select(operand.path, from).next().value;
  }

  #count(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new TooMuch();
  }
}

/** Texts, numbers, booleans and null are compared; lists and objects equal nothing. An absent value equals an absent one. */
function compare(operator: string, left: unknown, right: unknown): boolean {
  switch (operator) {
    case "==":
      return left === right && !isObject(left);
    case "!=":
      return !compare("==", left, right);
    case "<":
      return isBefore(left, right);
    case ">":
      return isBefore(right, left);
    case "<=":
      return isBefore(left, right) || compare("==", left, right);
    default:
      return isBefore(right, left) || compare("==", left, right);
  }
}

function isBefore(left: unknown, right: unknown): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  return typeof left === "string" && typeof right === "string" && left < right;
}

function* sliced(
  { start, end, step }: Extract<Selector, { kind: "slice" }>,
  length: number,
): Generator<number, undefined> {
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

function childrenOf(place: Place): readonly Place[] {
  const { value } = place;
  if (Array.isArray(value)) return value.map((_, index) => childOf(place, index));
  return isObject(value) ? Object.keys(value).map((name) => childOf(place, name)) : [];
}

/** The caller has seen that there is one. */
function childOf(place: Place, key: Key): Place {
  return { value: Reflect.get(Object(place.value), key), within: { place, key } };
}

function keysOf(place: Place): readonly Key[] {
  const keys: Key[] = [];
  for (let { within } = place; within !== undefined; { within } = within.place) {
    keys.push(within.key);
  }
  return keys.toReversed();
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
