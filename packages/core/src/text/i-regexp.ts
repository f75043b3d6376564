/** A pattern in RE2's syntax that means the same, or one sentence about what is wrong. */
export type TranslatedIRegexp =
  | { readonly ok: true; readonly pattern: string }
  | { readonly ok: false; readonly reason: string };

const escape = String.raw`\\[()*+.?[\\\]^nrt{|}\-]`;
const category = String.raw`\\[pP]\{(?:L[lmotu]?|M[cen]?|N[dlo]?|P[c-fios]?|Z[lps]?|S[ckmo]?|C[cfno]?)\}`;
const member = String.raw`(?:[^\\[\]\p{Cs}\-]|${escape})`;
const members = `(?:${category}|${member}(?:-${member})?)`;
const list = String.raw`\[\^?(?:-|${members})${members}*-?\]`;
const plain = String.raw`[^()*+.?[\\\]{|}\p{Cs}]`;
const quantifier = String.raw`[*+?]|\{\d+(?:,\d*)?\}`;

/** A `|`, the beginning of a group, or what a quantifier may follow: its end, or one character of some kind. */
const token = new RegExp(
  String.raw`\||\((?!\?)|(?:\)|\.|${category}|${escape}|${list}|${plain})(?:${quantifier})?`,
  "uy",
);

/** What people write who know other regular expressions. */
const insteadOf: Readonly<Record<string, string>> = {
  "\\d": "[0-9]",
  "\\w": "[a-zA-Z0-9_]",
  "\\s": String.raw`[ \t\n\r]`,
  "\\S": String.raw`[^ \t\n\r]`,
  "\\$": "[$]",
  "(?": "( alone",
};

/**
 * Checks a pattern against the grammar of I-Regexp (RFC 9485) and translates it: a dot stands for all but `\n` and `\r`. As in the
 * translations that the RFC gives, `^` and `$` stay what they are elsewhere, the beginning and the end of the text.
 */
export function translateIRegexp(pattern: string): TranslatedIRegexp {
  let translated = "";
  let depth = 0;
  for (let at = 0; at < pattern.length; at = token.lastIndex) {
    token.lastIndex = at;
    const found = token.exec(pattern)?.[0];
    if (found === undefined) return { ok: false, reason: describe(pattern.slice(at)) };
    if (found === "(") depth += 1;
    if (found.startsWith(")")) depth -= 1;
    if (depth < 0) return { ok: false, reason: 'there is no "(" for a ")"' };
    translated += found.replace(/^\./, String.raw`[^\n\r]`);
  }
  return depth === 0
    ? { ok: true, pattern: translated }
    : { ok: false, reason: 'a "(" is not closed' };
}

function describe(rest: string): string {
  const beginning = rest.slice(0, 2);
  const remedy = insteadOf[beginning];
  return remedy === undefined
    ? `cannot read ${JSON.stringify(rest.slice(0, 20))}`
    : `it has no ${beginning}, write ${remedy}`;
}
