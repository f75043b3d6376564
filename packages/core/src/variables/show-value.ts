const shownLengthMax = 100;

/** A value in a sentence: quoted, so that a newline at its end is seen, and cut when it is long. */
export function showValue(text: string): string {
  if (text.length <= shownLengthMax) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, shownLengthMax))}… (${text.length} characters)`;
}
