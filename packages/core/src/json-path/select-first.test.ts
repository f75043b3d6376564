import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Evaluation } from "./evaluation.ts";
import type { JsonPath } from "./json-path.ts";
import { parseJsonPath } from "./parse-json-path.ts";
import { selectFirst } from "./select-first.ts";
import { TooMuch, WorkBudget } from "./work-budget.ts";

function parse(expression: string): JsonPath {
  const parsed = parseJsonPath(expression);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.path;
}

test("whatever the text, it is a path or there is a reason with its place", () => {
  const reason = /^$|^a path has at most 1000 characters$| at character \d+: (?:its end$|".*"$)/s;
  const anyText = fc.oneof(hostilePath(), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(anyText, (expression) => {
      const parsed = parseJsonPath(expression);

      expect(parsed.ok ? "" : parsed.reason).toMatch(reason);
    }),
    { numRuns: 1000 },
  );
});

describe("a path is evaluated within its budget,", () => {
  const many = Array.from({ length: 100_000 }, (_, index) => index);
  const long = "ab".repeat(50_000);
  const members = Object.fromEntries(many.map((index) => [`m${index}`, index]));

  test.each<[string, unknown]>([
    ["$.many[?count($.many[*]) == 1]", { many }],
    ["$.many[?count($.many[::2]) == 1]", { many }],
    ["$.many[?length($.members) == 1]", { many, members }],
    ["$.many[?$.members.*.x]", { many, members }],
    ["$.many[?$.members[?@ == -1]]", { many, members }],
    ["$.many[?value($.members..x) == 1]", { many, members }],
    ["$.many[?length($.long) == 1]", { many, long }],
    ["$.many[?$.long == $.other]", { many, long: `${long}a`, other: `${long}b` }],
    ["$.many[?$.long < $.other]", { many, long: `${long}b`, other: `${long}a` }],
    ["$.many[?$.one == $.other]", { many, one: [...many, 1], other: [...many, 2] }],
    ["$.many[?$.one == $.other]", { many, one: {}, other: members }],
    ["$.many[?search($.long, 'c')]", { many, long }],
    ["$.many[?search($.long, '(a?){99}c')]", { many, long: "a".repeat(1000) }],
    ["$.many[?search('a', $.long)]", { many, long }],
    [
      "$.patterns[?search('a', @)]",
      { patterns: many.map((index) => `b{${index % 999}}x${index}`) },
    ],
    ["$.patterns[?search('a', @)]", { patterns: ["((b{99}){99}){99}"] }],
    ["$.patterns[?search('a', @)]", { patterns: ["(b{99}){120}"] }],
    ["$.patterns[?search('a', @)]", { patterns: ["[".repeat(40_000)] }],
  ])("of %s", (expression, document) => {
    expect(selectFirst(parse(expression), document)).toEqual({ kind: "tooMuch" });
  });

  test("and a list of any length has descendants", () => {
    const wide = Array.from({ length: 300_000 }, () => 1);

    expect(selectFirst(parse("$..x"), wide)).toEqual({ kind: "nothing" });
  });

  test("and values that are deeper than the call stack are compared", () => {
    let [one, other]: unknown[] = [1, 1];
    for (let level = 0; level < 50_000; level += 1) [one, other] = [[one], [other]];

    expect(selectFirst(parse("$[?@.one == @.other].end"), [{ one, other, end: 1 }])).toMatchObject({
      ...{ kind: "found", value: 1 },
    });
  });

  test("whatever the path and the document, in what is read of it", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>("a", "[ab]*", "(a|b){9}", "(", "☺".repeat(99), 1, null, true),
        fc.array(tie("any"), { maxLength: 30 }),
        fc.dictionary(fc.constantFrom("a", "b", "c", "d"), tie("any")),
      ),
    })).any;
    const values = 100;
    fc.assert(
      fc.property(hostilePath(), value, (expression, document) => {
        const parsed = parseJsonPath(expression);
        if (!parsed.ok) return;
        const { proxy, reads, size } = counted(document);

        const evaluation = new Evaluation(proxy, new WorkBudget(values));
        expect(() => evaluation.select(parsed.path)[Symbol.iterator]().next()).toSatisfy(endsWell);

        // A read costs one value at most, but for the few that find out what a value is and how many it holds.
        expect(reads()).toBeLessThanOrEqual(4 * values + 4 * size());
      }),
      { numRuns: 1000 },
    );
  });
});

/** Whether it returns, or throws that it is too much. */
function endsWell(evaluate: () => unknown): boolean {
  try {
    evaluate();
    return true;
  } catch (error) {
    return error instanceof TooMuch;
  }
}

interface Counted {
  readonly proxy: unknown;
  /** How often something of the document was read. */
  readonly reads: () => number;
  /** How many members the largest list or object has. */
  readonly size: () => number;
}

/** A document that counts how often it is looked at. */
function counted(document: unknown): Counted {
  let reads = 0;
  let size = 0;
  const wrap = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const wrapped = Array.isArray(value)
      ? value.map(wrap)
      : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, wrap(member)]));
    size = Math.max(size, Object.keys(wrapped).length);
    return new Proxy(wrapped, {
      get: (target, name) => ((reads += 1), Reflect.get(target, name)),
      getOwnPropertyDescriptor: (target, name) => (
        (reads += 1),
        Reflect.getOwnPropertyDescriptor(target, name)
      ),
      ownKeys: (target) => ((reads += 1), Reflect.ownKeys(target)),
    });
  };
  const proxy = wrap(document);
  return { proxy, reads: () => reads, size: () => size };
}

/** Paths that nest, repeat and compare what they can, most of them well-formed. */
function hostilePath(): fc.Arbitrary<string> {
  const { path } = fc.letrec<
    Record<"path" | "query" | "segment" | "value" | "test" | "pattern", string>
  >((tie) => {
    const join = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
      fc
        .tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)))
        .map((texts) => texts.join(""));
    const segments = fc.array(tie("segment"), { maxLength: 4 }).map((texts) => texts.join(""));
    return {
      path: join("$", segments),
      query: join(fc.constantFrom("@", "$"), segments),
      segment: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(
          "..*",
          "[*]",
          ".*",
          "..a",
          "[::-1]",
          "[0,'a',*,-1:]",
          ".a",
          "[0]",
          "[*,*,*,*]",
        ),
        join("[?", tie("test"), "]"),
        join("..[?", tie("test"), ",?", tie("test"), "]"),
      ),
      test: fc.oneof(
        { maxDepth: 5 },
        tie("query"),
        join(fc.constantFrom("match(", "!search("), tie("value"), ", ", tie("pattern"), ")"),
        join(tie("value"), fc.constantFrom("==", " != ", "<", ">="), tie("value")),
        join("(", tie("test"), fc.constantFrom("&&", " || "), tie("test"), ")"),
      ),
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(
          "@",
          "$",
          "@.a",
          "$['b'][0]",
          "'a'",
          "1",
          "null",
          "@.*",
          String.raw`'\ud834\udd1e'`,
        ),
        join("length(", tie("value"), ")"),
        join(fc.constantFrom("count(", "value("), tie("query"), ")"),
      ),
      pattern: fc.oneof(
        tie("value"),
        fc.constantFrom("'(a*)*b'", "'[^a]{9}'", "'(.*){99}'", "'('", String.raw`'\\p{L}|\\.'`),
      ),
    };
  });
  return path;
}
