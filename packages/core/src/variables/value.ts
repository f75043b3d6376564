/** The value of a variable. */
export interface Value {
  readonly text: string;
  /** Whether it is to be masked wherever it is stored or shown. */
  readonly isSensitive: boolean;
  /** Sensitive only because a sensitive value is part of it: the rest of it is no secret. */
  readonly isDerived?: boolean;
}

/** Variables by name. */
export type Values = Readonly<Record<string, Value>>;

/** Largest value of a variable, bytes of UTF-8. */
export const valueBytesMax: number = 64 * 1024;

/** Largest value of a sensitive variable, bytes of UTF-8: every encoding of it is looked for in all that leaves the node. */
export const sensitiveBytesMax: number = 16 * 1024;

/** What stands in place of a sensitive value. */
export const mask = "***";

/** Whether a variable of this name can be substituted and be in an environment. */
export function isVariableName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** The value of a name; undefined when there is none, whatever objects inherit. */
export function valueOf(values: Values, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The texts that must not be seen anywhere, also as part of another text. */
export function secretTexts(values: Values): readonly string[] {
  return Object.values(values).flatMap(({ text, isSensitive, isDerived = false }) =>
    isSensitive && !isDerived ? [text] : [],
  );
}

/** Why a text cannot be the value of a variable, as the end of a sentence; undefined when it can. */
export function valueProblem({ text, isSensitive }: Value): string | undefined {
  if (text.includes("\0")) return "contains a NUL byte, which no variable can hold";
  const bytesMax = isSensitive ? sensitiveBytesMax : valueBytesMax;
  const bytes = utf8Length(text);
  if (bytes <= bytesMax) return undefined;
  return `has ${bytes} bytes; ${isSensitive ? "a sensitive value" : "a value"} has at most ${bytesMax}`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
