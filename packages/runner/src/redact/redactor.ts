import { assert, mask } from "@courier/core";
import { PatternAutomaton } from "./pattern-automaton.ts";
import { secretPatterns } from "./secret-patterns.ts";

/** Bytes [start, end) of a stream. */
interface Span {
  start: number;
  end: number;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/** What a list of secrets makes of streams; built once, used for any number of them. */
export class SecretMask {
  readonly automaton: PatternAutomaton;
  /** Bytes of newlines in a row that may lie within a secret. */
  readonly newlinesMax: number;

  constructor(secrets: readonly string[]) {
    this.automaton = new PatternAutomaton([...new Set(secrets)].flatMap(secretPatterns));
    this.newlinesMax = newlinesWithin(secrets);
  }

  /** A whole text with its secrets masked. */
  maskText(text: string): string {
    const redactor = new Redactor(this);
    return Buffer.concat([redactor.push(Buffer.from(text)), redactor.end()]).toString("utf8");
  }
}

/**
 * Masks secrets in one stream. What comes out depends on the bytes alone, never on how they were cut into chunks. Held back are
 * only bytes that may be the beginning of a secret: at most as many as the longest pattern has, and the newlines between them.
 */
export class Redactor {
  readonly #automaton: PatternAutomaton;
  readonly #newlinesMax: number;
  /** Where in the stream the last bytes were that are no newlines and may be part of a secret, by their count modulo its length. */
  readonly #places: Float64Array;
  #state = 0;
  #solidCount = 0;
  #newlineCount = 0;
  /** Length of the stream so far. */
  #length = 0;
  /** Not given out yet: the stream from `#base` on. */
  #carry: Buffer = Buffer.alloc(0);
  #base = 0;
  /** Found, at or after `#base`, in order and apart from each other. */
  readonly #found: Span[] = [];
  /** Everything before `#base` is given out but for the mask of a secret that ends there. */
  #isMaskOpen = false;

  constructor({ automaton, newlinesMax }: SecretMask) {
    this.#automaton = automaton;
    this.#newlinesMax = newlinesMax;
    this.#places = new Float64Array(automaton.lengthMax + 1);
  }

  /** Takes the next bytes; gives out what is certain by now. */
  push(chunk: Buffer): Buffer {
    if (this.#automaton.lengthMax === 0) return chunk;
    this.#carry = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.#state === 0) {
        const start = this.#automaton.findBeginning(chunk, at);
        this.#length += start - at;
        at = start;
      }
      const byte = chunk[at];
      if (byte !== undefined) this.#step(byte);
    }
    const pending = this.#automaton.pending(this.#state);
    return this.#release(pending === 0 ? this.#length : this.#placeOf(this.#solidCount - pending));
  }

  /** The stream has ended; gives out the rest. */
  end(): Buffer {
    this.#state = 0;
    // Nothing follows that a mask at the very end could grow by.
    return this.#release(this.#length + 1);
  }

  #step(byte: number): void {
    this.#length += 1;
    if (byte === newline || byte === carriageReturn) {
      this.#newlineCount += 1;
      if (this.#newlineCount > this.#newlinesMax) this.#state = 0;
      return;
    }
    this.#newlineCount = 0;
    this.#places[this.#solidCount % this.#places.length] = this.#length - 1;
    this.#solidCount += 1;
    this.#state = this.#automaton.next(this.#state, byte);
    const matched = this.#automaton.matched(this.#state);
    if (matched > 0)
      this.#add({ start: this.#placeOf(this.#solidCount - matched), end: this.#length });
  }

  #placeOf(solidIndex: number): number {
    const place = this.#places[solidIndex % this.#places.length];
    assert(place !== undefined, "within the places that are kept");
    return place;
  }

  /** Spans that overlap or touch are one: how many secrets were there is nobody's business. */
  #add(span: Span): void {
    let last = this.#found.at(-1);
    while (last !== undefined && last.start >= span.start) {
      this.#found.pop();
      last = this.#found.at(-1);
    }
    if (last !== undefined && last.end >= span.start) last.end = span.end;
    else this.#found.push(span);
  }

  /** Gives out what lies before `safe`; a span that may still grow stays open. */
  #release(safe: number): Buffer {
    const pieces: Buffer[] = [];
    for (;;) {
      const span = this.#found[0];
      if (this.#isMaskOpen && (span === undefined || span.start > this.#base)) {
        if (safe <= this.#base) break;
        pieces.push(maskBytes);
        this.#isMaskOpen = false;
      }
      if (span === undefined || span.start > safe) break;
      pieces.push(this.#take(span.start));
      this.#take(span.end);
      this.#isMaskOpen = true;
      this.#found.shift();
    }
    if (!this.#isMaskOpen) pieces.push(this.#take(Math.min(safe, this.#length)));
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }

  /** Removes the bytes before `end` from what is held. */
  #take(end: number): Buffer {
    if (end <= this.#base) return Buffer.alloc(0);
    const taken = this.#carry.subarray(0, end - this.#base);
    this.#carry = this.#carry.subarray(end - this.#base);
    this.#base = end;
    return taken;
  }
}

/** Encoders break lines where a secret has no break, so at least one; Windows needs two bytes for each. */
function newlinesWithin(secrets: readonly string[]): number {
  const gaps = secrets.flatMap((secret) => secret.trim().match(/[\r\n]+/g) ?? []);
  const counts = gaps.map((gap) => gap.replaceAll("\r\n", "\n").length);
  return 2 * counts.reduce((most, count) => Math.max(most, count), 1);
}

const maskBytes = Buffer.from(mask);
