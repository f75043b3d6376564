import { nearestName } from "@courier/schema";
import { compileIRegexp } from "../text/linear-regex.ts";
import type {
  FilterTest,
  JsonPath,
  Query,
  Segment,
  Selector,
  ValueExpression,
} from "./json-path.ts";

/** A path, or one sentence about what is wrong with it. */
export type ParsedJsonPath =
  | { readonly ok: true; readonly path: JsonPath }
  | { readonly ok: false; readonly reason: string };

/** Longest expression that is accepted, characters. */
const expressionLengthMax = 1000;

/** How deep parentheses and filters may nest. */
const depthMax = 20;

/** The functions of RFC 9535 section 2.4. */
const functionNames = ["length", "count", "match", "search", "value"];

type RegexTest = Extract<FilterTest, { kind: "match" | "search" }>;

/**
 * Parses a JSONPath: names, indexes, slices, wildcards, several of them in one pair of brackets, descendants, and filters with
 * comparisons, `&&`, `||`, `!`, existence and functions. A path that is not well-typed (RFC 9535 section 2.4.3) is refused, and
 * so is a regular expression that is written in it and is none.
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
    if (this.#peek() === "(") {
      this.#fail(
        "a function stands in a filter around what it is about, as in [?length(@.name) > 3]",
      );
    }
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
    const start = this.#at;
    const left = this.#operand();
    this.#space();
    const operatorAt = this.#at;
    const operator = this.#match(/==|!=|<=|>=|<|>/y);
    if (operator === undefined) return this.#alone(left);
    if (isRegexTest(left))
      this.#fail(`${left.kind}() holds or not, and is not compared`, operatorAt);
    this.#checkOne(left, start);
    this.#space();
    // The expression admits these only.
    return { kind: "compare", operator: operator as "==", left, right: this.#value() };
  }

  /** What is a test without being compared. */
  #alone(operand: ValueExpression | RegexTest): FilterTest {
    if (isRegexTest(operand)) return operand;
    if (operand.kind === "query") return { kind: "exists", query: operand };
    if (operand.kind === "literal") this.#fail("a filter compares something");
    return this.#fail(`${operand.kind}() gives a value, expected ==, !=, <, <=, > or >=`);
  }

  /** One value, or Nothing. */
  #value(): ValueExpression {
    const start = this.#at;
    const operand = this.#operand();
    if (isRegexTest(operand))
      this.#fail(`expected a value, and ${operand.kind}() gives none`, start);
    this.#checkOne(operand, start);
    return operand;
  }

  #checkOne(operand: ValueExpression, start: number): void {
    if (operand.kind !== "query" || operand.path.every(isSingular)) return;
    this.#fail("expected a path to one value; value() or count() takes one to several", start);
  }

  #operand(): ValueExpression | RegexTest {
    const query = this.#query();
    if (query !== undefined) return query;
    const next = this.#peek();
    if (next === "'" || next === '"') return { kind: "literal", value: this.#string() };
    const start = this.#at;
    const name = this.#match(/[A-Za-z_]\w*(?=\()/y);
    if (name !== undefined) return this.#call(name, start);
    const word = this.#match(/true|false|null/y);
    if (word !== undefined) {
      return { kind: "literal", value: word === "null" ? null : word === "true" };
    }
    const number = this.#match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return { kind: "literal", value: Number(number) };
    return this.#fail("expected @, $, a function, a text in quotes, a number, true, false or null");
  }

  #query(): Query | undefined {
    const isFromRoot = this.#take("$");
    if (!isFromRoot && !this.#take("@")) return undefined;
    return { kind: "query", isFromRoot, path: this.#segments() };
  }

  #call(name: string, start: number): ValueExpression | RegexTest {
    if (++this.#depth > depthMax) this.#fail(`filters nest at most ${depthMax} deep`);
    this.#expect("(");
    this.#space();
    const call = this.#called(name, start);
    this.#space();
    this.#expect(")");
    this.#depth -= 1;
    return call;
  }

  #called(name: string, start: number): ValueExpression | RegexTest {
    switch (name) {
      case "length":
        return { kind: name, of: this.#value() };
      case "count":
      case "value":
        return { kind: name, of: this.#query() ?? this.#fail(`${name}() expects a path, @ or $`) };
      case "match":
      case "search": {
        const text = this.#value();
        this.#space();
        this.#expect(",");
        this.#space();
        return { kind: name, text, pattern: this.#pattern() };
      }
      default: {
        const nearest = nearestName(name, functionNames);
        const hint = nearest === undefined ? "" : `, did you mean ${nearest}()?`;
        return this.#fail(`there is no function ${name}()${hint}`, start);
      }
    }
  }

  #pattern(): ValueExpression {
    const start = this.#at;
    const pattern = this.#value();
    if (pattern.kind === "literal" && typeof pattern.value === "string") {
      const compiled = compileIRegexp(pattern.value, { isWhole: true });
      if (!compiled.ok) this.#fail(`expected an I-Regexp (RFC 9485): ${compiled.reason}`, start);
    }
    return pattern;
  }

  #string(): string {
    const start = this.#at;
    const quoted = this.#match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/y);
    if (quoted === undefined) this.#fail("a text in quotes does not end");
    const text = quoted.slice(1, -1).replaceAll(escape, (whole) => {
      return (
        unescape(whole) ??
        this.#fail(`a backslash is written \\\\, and there is no ${whole}`, start)
      );
    });
    if (/\p{Cs}/u.test(text)) this.#fail("half of a surrogate pair is no character", start);
    return text;
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

  #fail(what: string, at = this.#at): never {
    const rest = this.#text.slice(at, at + 20);
    const where = rest === "" ? "its end" : JSON.stringify(rest);
    throw new SyntaxProblem(`${what} at character ${at + 1}: ${where}`);
  }
}

function isRegexTest(operand: ValueExpression | RegexTest): operand is RegexTest {
  return operand.kind === "match" || operand.kind === "search";
}

/** Whether a segment selects at most one of each value, whatever the document. */
function isSingular({ isDescendant, selectors }: Segment): boolean {
  const [only] = selectors;
  return (
    !isDescendant && selectors.length === 1 && (only?.kind === "name" || only?.kind === "index")
  );
}

const escape = /\\(?:u[0-9a-fA-F]{4}|.)/gs;

/** What an escape in a text stands for (RFC 9535 section 2.3.1.1); undefined when there is none. */
function unescape(escaped: string): string | undefined {
  const letter = escaped.slice(1, 2);
  if (letter === "u" && escaped.length === 6) {
    return String.fromCharCode(Number.parseInt(escaped.slice(2), 16));
  }
  const control = "bfnrt".indexOf(letter);
  if (control >= 0) return "\b\f\n\r\t"[control];
  return /['"\\/]/.test(letter) ? letter : undefined;
}
