import type { FilterTest, JsonPath, Operand, PathOperand, Segment, Selector } from "./json-path.ts";

/** A path, or one sentence about what is wrong with it. */
export type ParsedJsonPath =
  | { readonly ok: true; readonly path: JsonPath }
  | { readonly ok: false; readonly reason: string };

/** Longest expression that is accepted, characters. */
const expressionLengthMax = 1000;

/** How deep parentheses and filters may nest. */
const depthMax = 20;

/**
 * Parses a JSONPath: names, indexes, slices, wildcards, several of them in one pair of brackets, descendants, and filters with
 * comparisons, `&&`, `||`, `!` and existence. Functions such as `length()` are not part of it.
 */
export function parseJsonPath(expression: string): ParsedJsonPath {
  if (expression.length > expressionLengthMax) {
    return { ok: false, reason: `a path has at most ${expressionLengthMax} characters` };
  }
  const parser = new Parser(expression.trim());
  try {
    return { ok: true, path: parser.parse() };
  } catch (error) {
    if (error instanceof SyntaxProblem) return { ok: false, reason: error.message };
    throw error;
  }
}

class SyntaxProblem extends Error {}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): JsonPath {
    if (!this.#take("$")) this.#fail('a path begins with "$"');
    const path = this.#segments();
    if (this.#at < this.#text.length) this.#fail("cannot read");
    return path;
  }

  #segments(): JsonPath {
    const segments: Segment[] = [];
    for (;;) {
      if (this.#take("..")) segments.push(this.#segment(true));
      else if (this.#take(".")) segments.push(this.#segment(false));
      else if (this.#peek() === "[") {
        segments.push({ isDescendant: false, selectors: this.#brackets() });
      } else return segments;
    }
  }

  #segment(isDescendant: boolean): Segment {
    if (isDescendant && this.#peek() === "[") return { isDescendant, selectors: this.#brackets() };
    if (this.#take("*")) return { isDescendant, selectors: [{ kind: "wildcard" }] };
    const name = this.#match(/[\p{L}_][\p{L}\p{N}_-]*/uy);
    if (name === undefined) this.#fail('expected a name or "*"');
    if (this.#peek() === "(") this.#fail("functions are not supported");
    return { isDescendant, selectors: [{ kind: "name", name }] };
  }

  #brackets(): readonly Selector[] {
    this.#expect("[");
    const selectors: Selector[] = [];
    do {
      this.#space();
      selectors.push(this.#selector());
      this.#space();
    } while (this.#take(","));
    this.#expect("]");
    return selectors;
  }

  #selector(): Selector {
    const next = this.#peek();
    if (next === "'" || next === '"') return { kind: "name", name: this.#string() };
    if (this.#take("*")) return { kind: "wildcard" };
    if (this.#take("?")) {
      this.#space();
      return { kind: "filter", test: this.#or() };
    }
    const start = this.#integer();
    this.#space();
    if (!this.#take(":")) {
      if (start === undefined) this.#fail("expected a name in quotes, a number, a slice, * or ?");
      return { kind: "index", index: start };
    }
    this.#space();
    const end = this.#integer();
    this.#space();
    const step = this.#take(":") ? (this.#space(), this.#integer() ?? 1) : 1;
    return { kind: "slice", start, end, step };
  }

  #or(): FilterTest {
    return this.#chain("or", "||", () => this.#chain("and", "&&", () => this.#basic()));
  }

  #chain(kind: "or" | "and", operator: string, next: () => FilterTest): FilterTest {
    const tests = [next()];
    for (this.#space(); this.#take(operator); this.#space()) {
      this.#space();
      tests.push(next());
    }
    const [only] = tests;
    return tests.length === 1 && only !== undefined ? only : { kind, tests };
  }

  #basic(): FilterTest {
    if (++this.#depth > depthMax) this.#fail(`filters nest at most ${depthMax} deep`);
    const test = this.#nested() ?? this.#comparison();
    this.#depth -= 1;
    return test;
  }

  #nested(): FilterTest | undefined {
    if (this.#take("!")) {
      this.#space();
      return { kind: "not", test: this.#basic() };
    }
    if (!this.#take("(")) return undefined;
    this.#space();
    const test = this.#or();
    this.#space();
    this.#expect(")");
    return test;
  }

  #comparison(): FilterTest {
    const left = this.#operand();
    this.#space();
    const operator = this.#match(/==|!=|<=|>=|<|>/y);
    if (operator === undefined) {
      if (left.kind === "path") return { kind: "exists", operand: left };
      this.#fail("a filter compares something");
    }
    this.#space();
    const right = this.#operand();
    // The expression admits these only.
    return { kind: "compare", operator: operator as "==", left, right };
  }

  #operand(): Operand {
    const path = this.#pathOperand();
    if (path !== undefined) return path;
    const next = this.#peek();
    if (next === "'" || next === '"') return { kind: "literal", value: this.#string() };
    const word = this.#match(/true|false|null/y);
    if (word !== undefined) {
      return { kind: "literal", value: word === "null" ? null : word === "true" };
    }
    const number = this.#match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return { kind: "literal", value: Number(number) };
    if (this.#match(/[a-z]+\(/y) !== undefined) this.#fail("functions are not supported");
    return this.#fail("expected @, $, a text in quotes, a number, true, false or null");
  }

  #pathOperand(): PathOperand | undefined {
    const isFromRoot = this.#take("$");
    if (!isFromRoot && !this.#take("@")) return undefined;
    return { kind: "path", isFromRoot, path: this.#segments() };
  }

  #string(): string {
    const quoted = this.#match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y);
    if (quoted === undefined) this.#fail("a text in quotes does not end");
    return quoted.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  }

  #integer(): number | undefined {
    const digits = this.#match(/-?\d{1,9}(?!\d)/y);
    return digits === undefined ? undefined : Number(digits);
  }

  #space(): void {
    this.#match(/\s+/y);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(`expected "${token}"`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(what: string): never {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const where = rest === "" ? "its end" : JSON.stringify(rest);
    throw new SyntaxProblem(`${what} at character ${this.#at + 1}: ${where}`);
  }
}
