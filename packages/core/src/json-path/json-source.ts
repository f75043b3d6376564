import type { Key } from "./place.ts";

/** A list or an object that has begun and not ended. */
interface Frame {
  readonly start: number;
  /** The keys lead to it, or through it. */
  readonly isOnPath: boolean;
  readonly isObject: boolean;
  /** Of the member or element that comes next; undefined: it was not looked at. */
  key: Key | undefined;
  isNameNext: boolean;
}

/**
 * The part of a JSON text that the keys lead to, without white space: numbers as they were written (`1.10`, and all digits of
 * a long one), texts within it as `JSON.stringify` has them. The text must be valid, and hold what the keys name. One pass
 * without recursion, however deep it nests.
 */
export function jsonSourceAt(text: string, keys: readonly Key[]): string {
  const frames: Frame[] = [];
  // Of two members with one name the last one counts, as for `JSON.parse`: a later find replaces an earlier one.
  let found: readonly [number, number] = [0, 0];
  const isNextOnPath = (): boolean => {
    const frame = frames.at(-1);
    return frame === undefined || (frame.isOnPath && frame.key === keys[frames.length - 1]);
  };
  for (let at = 0; at < text.length;) {
    const start = at;
    const sign = text[at] ?? "";
    const frame = frames.at(-1);
    at = endOfToken(text, at);
    if (sign === "{" || sign === "[") {
      const isObject = sign === "{";
      const isOnPath = isNextOnPath();
      frames.push({
        start,
        isOnPath,
        isObject,
        key: isObject ? undefined : 0,
        isNameNext: isObject,
      });
    } else if (sign === "}" || sign === "]") {
      frames.pop();
      if (frame?.isOnPath === true && frames.length === keys.length) found = [frame.start, at];
    } else if (sign === "," && frame !== undefined) {
      frame.isNameNext = frame.isObject;
      if (typeof frame.key === "number") frame.key += 1;
    } else if (frame?.isNameNext === true && sign === '"') {
      frame.isNameNext = false;
      // A token in quotes is a text.
      frame.key = frame.isOnPath ? (JSON.parse(text.slice(start, at)) as string) : undefined;
    } else if (sign !== ":" && !isSpace(sign) && isNextOnPath() && frames.length === keys.length) {
      found = [start, at];
    }
  }
  return compact(text.slice(...found));
}

function compact(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const start = at;
    at = endOfToken(text, at);
    const token = text.slice(start, at);
    if (token.startsWith('"')) parts.push(JSON.stringify(JSON.parse(token)));
    else if (!isSpace(token)) parts.push(token);
  }
  return parts.join("");
}

/** Tokens are texts, words and numbers, and single signs. */
function endOfToken(text: string, start: number): number {
  let at = start + 1;
  if (text[start] === '"') {
    while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    return at + 1;
  }
  if (isWord(text[start])) while (isWord(text[at])) at += 1;
  return at;
}

function isWord(sign: string | undefined): boolean {
  return sign !== undefined && /[\w+.-]/.test(sign);
}

function isSpace(sign: string): boolean {
  return sign === " " || sign === "\n" || sign === "\r" || sign === "\t";
}
