import { assertNever } from "../assert.ts";
import type { FilterTest, JsonPath, Operand, Segment, Selector } from "./json-path.ts";

/** Values that one evaluation may look at. */
export const visitedValuesMax = 1_000_000;

/** The first value that a path selects, in the order of the document. */
export type Selection =
  | { readonly kind: "found"; readonly value: unknown }
  | { readonly kind: "nothing" }
  /** More than `visitedValuesMax` values would have to be looked at. */
  | { readonly kind: "tooMuch" };

/** Evaluates a path on parsed JSON; the work is counted and bounded, whatever the path and the document. */
export function selectFirst(path: JsonPath, document: unknown): Selection {
  const evaluation = new Evaluation(document);
  try {
    const { value, done } = evaluation.select(path, document).next();
    return done === true ? { kind: "nothing" } : { kind: "found", value };
  } catch (error) {
    if (error instanceof TooMuch) return { kind: "tooMuch" };
    throw error;
  }
}

class TooMuch extends Error {}

class Evaluation {
  readonly #document: unknown;
  #left = visitedValuesMax;

  constructor(document: unknown) {
    this.#document = document;
  }

  *select(path: JsonPath, from: unknown, position = 0): Generator<unknown, undefined> {
    const segment = path[position];
    if (segment === undefined) {
      yield from;
      return;
    }
    for (const value of this.#step(segment, from)) yield* this.select(path, value, position + 1);
  }

  *#step({ isDescendant, selectors }: Segment, from: unknown): Generator<unknown, undefined> {
    const values = isDescendant ? this.#withDescendants(from) : [from];
    for (const value of values) {
      for (const selector of selectors) yield* this.#take(selector, value);
    }
  }

  /** A stack of its own: a document may be deeper than the call stack. */
  *#withDescendants(from: unknown): Generator<unknown, undefined> {
    const stack = [from];
    while (stack.length > 0) {
      const value = stack.pop();
      this.#count();
      yield value;
      stack.push(...childrenOf(value).toReversed());
    }
  }

  *#take(selector: Selector, value: unknown): Generator<unknown, undefined> {
    this.#count();
    switch (selector.kind) {
      case "name":
        if (isObject(value) && Object.hasOwn(value, selector.name)) {
          yield Reflect.get(value, selector.name);
        }
        return;
      case "index":
        if (Array.isArray(value)) {
          const index = selector.index < 0 ? value.length + selector.index : selector.index;
          if (index >= 0 && index < value.length) yield value[index];
        }
        return;
      case "wildcard":
        yield* childrenOf(value);
        return;
      case "slice":
        if (Array.isArray(value))
          for (const index of sliced(selector, value.length)) yield value[index];
        return;
      case "filter":
        for (const child of childrenOf(value)) if (this.#holds(selector.test, child)) yield child;
        return;
      default:
        assertNever(selector, "selector");
    }
  }

  #holds(test: FilterTest, element: unknown): boolean {
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

  #operand(operand: Operand, element: unknown): { readonly value: unknown } | undefined {
    if (operand.kind === "literal") return operand;
    const from = operand.isFromRoot ? this.#document : element;
    const { value, done } = this.select(operand.path, from).next();
    return done === true ? undefined : { value };
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

function childrenOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
