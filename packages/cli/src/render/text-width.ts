/** Control characters (also the escape that starts a terminal sequence) must not reach a terminal from stored data. */
export function visibleText(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\n" ? "⏎" : character === "\t" ? " " : "·",
  );
}

/** How many terminal columns a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += segmentWidth(segment);
  return width;
}

/** Cuts a text to a width, with an ellipsis where something is missing. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let cut = "";
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const next = used + segmentWidth(segment);
    if (next > width - 1) break;
    cut += segment;
    used = next;
  }
  return width < 1 ? "" : `${cut}…`;
}

/** Breaks a text at spaces into lines of a width; the first keeps its own indent. A word that is too long is cut. */
export function wrapText(text: string, width: number, indent: string): readonly string[] {
  const words = text.trimStart().split(" ");
  const lines: string[] = [];
  let line = text.slice(0, text.length - text.trimStart().length) + (words[0] ?? "");
  for (const word of words.slice(1)) {
    const longer = `${line} ${word}`;
    if (textWidth(longer) <= width) {
      line = longer;
    } else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].map((each) => cutText(each, width));
}

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function segmentWidth(segment: string): number {
  return wide.test(segment) ? 2 : 1;
}
