import type { WorkBudget } from "./work-budget.ts";

/**
 * Whether two JSON values are equal, lists and objects member by member (RFC 9535 section 2.3.5.2.2). Nothing (`undefined`)
 * equals Nothing. A stack of its own: values may be deeper than the call stack.
 */
export function isEqual(left: unknown, right: unknown, budget: WorkBudget): boolean {
  const pairs: (readonly [unknown, unknown])[] = [[left, right]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [one, other] = pair;
    if (!isObject(one) || !isObject(other)) {
      if (!isSame(one, other, budget)) return false;
      continue;
    }
    if (Array.isArray(one) !== Array.isArray(other)) return false;
    const names = Object.keys(one);
    const otherNames = Object.keys(other);
    budget.spend(names.length + otherNames.length);
    if (names.length !== otherNames.length) return false;
    for (const name of names) {
      if (!Object.hasOwn(other, name)) return false;
      pairs.push([Reflect.get(one, name), Reflect.get(other, name)]);
    }
  }
  return true;
}

function isSame(one: unknown, other: unknown, budget: WorkBudget): boolean {
  if (typeof one === "string" && typeof other === "string") {
    if (one.length !== other.length) return false;
    budget.spendOnText(one.length);
  }
  return one === other;
}

/**
 * Whether the left value comes before the right one: numbers and texts have an order, texts that of their Unicode scalar
 * values (RFC 9535 section 2.3.5.2.2); nothing else has one.
 */
export function isBefore(left: unknown, right: unknown, budget: WorkBudget): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  if (typeof left !== "string" || typeof right !== "string") return false;
  const common = Math.min(left.length, right.length);
  budget.spendOnText(common);
  for (let at = 0; at < common; at += 1) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (one !== other) return scalarRank(one) < scalarRank(other);
  }
  return left.length < right.length;
}

/** Orders UTF-16 units like the characters that they belong to: halves of surrogate pairs come after all others. */
function scalarRank(unit: number): number {
  const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
  return isSurrogate ? unit + 0x1_0000 : unit;
}

/** Whether a JSON value is a list or an object. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
