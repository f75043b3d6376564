/** One token of a pattern in RE2's syntax: a counted repeat, the beginning or end of a group, or what is one instruction. */
const token =
  /\{(?<least>\d+)(?:,(?<most>\d*))?\}|(?<open>\((?:\?[^:)>]*[:>]?)?)|(?<close>\))|\\(?:[pPx]\{[^}]*\}|[^])|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*(?:\]|$)|[^]/gu;

/**
 * How many instructions a pattern in RE2's syntax will have at most, about: seen from its text, because counted repeats make
 * it costly to compile it only to find out. Of a pattern that is none, any number.
 */
export function estimateInstructions(pattern: string): number {
  const outer: number[] = [];
  let size = 0;
  let last = 0;
  for (const { groups = {} } of pattern.matchAll(token)) {
    const { open, close, least, most } = groups;
    if (open !== undefined) {
      outer.push(size);
      [size, last] = [0, 0];
    } else if (close !== undefined) {
      // Two more keep where a group begins and ends.
      last = size + 2;
      size = last + (outer.pop() ?? 0);
    } else if (least !== undefined) {
      size += last * Math.max(copies(Number(least), most) - 1, 0);
    } else {
      last = 1;
      size += 1;
    }
  }
  return size + outer.reduce((sum, each) => sum + each, 0);
}

/** `x{2,5}` is two copies and three that may be left out, `x{2,}` two and one that repeats. */
function copies(least: number, most: string | undefined): number {
  if (most === "") return least + 1;
  return most === undefined ? least : 2 * Number(most) - least;
}
