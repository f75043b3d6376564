/** Longest line that is compared or shown, characters. */
const lineLengthMax = 200;

/** Longest text that a line is taken from, characters: what is before it cannot be the last line. */
const textLengthMax = 4096;

/** What differs between nodes that fail alike; the order matters, a time is full of numbers. */
const variables: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\b/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<uuid>"],
  [/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?\b/g, "<address>"],
  [/\b0x[0-9a-f]+\b/gi, "<hex>"],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b/gi, "<hex>"],
  [/\d+/g, "<n>"],
];

/** The last line of a text that says something, without colours and control characters; "" when none does. */
export function lastLine(text: string): string {
  const lines = withoutControls(text.slice(-textLengthMax)).split("\n");
  const line = lines.findLast((one) => one.trim() !== "") ?? "";
  return line.replaceAll(/\s+/g, " ").trim().slice(0, lineLengthMax);
}

/**
 * What lines of nodes that fail alike have in common: times, numbers, addresses, ids and the node's own name are replaced
 * by placeholders. Two lines are the same failure exactly when this is equal.
 */
export function normaliseLine(line: string, nodeName: string): string {
  const named = nodeName === "" ? line : line.replaceAll(nodeName, "<node>");
  return variables.reduce((text, [pattern, placeholder]) => {
    return text.replaceAll(pattern, placeholder);
  }, named);
}

function withoutControls(text: string): string {
  return (
    text
      // What rewrites its line, as progress bars do, leaves what it wrote last.
      .replaceAll("\r\n", "\n")
      .replaceAll("\r", "\n")
      .replaceAll(/\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, "")
      .replaceAll(/[^\P{Cc}\n]/gu, " ")
  );
}
