import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Redactor, SecretMask } from "./redactor.ts";
import { isMaskable } from "./secret-patterns.ts";

function masked(secrets: readonly string[], text: string): string {
  return new SecretMask(secrets).maskText(text);
}

function maskedInChunks(secrets: readonly string[], chunks: readonly Buffer[]): Buffer {
  const redactor = new Redactor(new SecretMask(secrets));
  return Buffer.concat([...chunks.map((chunk) => redactor.push(chunk)), redactor.end()]);
}

test.each([
  [["hunter2"], "pw=hunter2;", "pw=***;"],
  [["hunter2"], "hunter2", "***"],
  [["hunter2"], "hunter hunter2hunter2 hunte", "hunter *** hunte"],
  [["hunter2\n"], "a hunter2 b", "a *** b"],
  [["abcd", "bc12"], "xabcd abc12 abcbc12", "x*** a*** abc***"],
  [["abcdefgh", "cdef"], "abcdefg abcdefgh", "ab***g ***"],
  [["päßwörd"], "x päßwörd y", "x *** y"],
  [["line one\nline two\n"], "> line two\n> line one\n", "> ***\n> ***\n"],
  [["line one\nline two"], "a\nline one\r\nline two\nb", "a\n***\nb"],
  // Shorter than 4 bytes: masking it would mask everything.
  [["a1"], "a1 b a1", "a1 b a1"],
  [["ab\n\n\ncd"], "x ab\r\n\r\n\r\ncd abcd", "x *** ***"],
  [["ab\ncd\nlong line"], "ab cd long line", "ab cd ***"],
  [[], "text", "text"],
])("masks %j in %j", (secrets, text, expected) => {
  expect(masked(secrets, text)).toBe(expected);
});

const odd = `it's "p/w"+ 50% \\ é`;

describe.each([
  ["JSON", JSON.stringify({ a: odd }), '{"a":"***"}'],
  ["JSON in ASCII", String.raw`"it's \"p/w\"+ 50% \\ \u00e9"`, '"***"'],
  ["JSON with escaped slashes", String.raw`"it's \"p\/w\"+ 50% \\ é"`, '"***"'],
  ["a URL", `https://x/?q=${encodeURIComponent(odd)}&z`, "https://x/?q=***&z"],
  ["a form", `q=${String(new URLSearchParams({ odd }))}&z`, "q=odd=***&z"],
  ["a path", `/${encodeURIComponent(odd).replaceAll("%2F", "/")}/`, "/***/"],
  [
    "lower-case escapes",
    encodeURIComponent(odd).replaceAll(/%\w\w/g, (code) => code.toLowerCase()),
    "***",
  ],
  ["a shell", String.raw`echo 'it'\''s "p/w"+ 50% \ é'`, "echo '***'"],
])("masks a secret as %s writes it", (_what, text, expected) => {
  test(text, () => {
    expect(masked([odd], text)).toBe(expected);
  });
});

test("masks base64 at each alignment, of either alphabet, with broken lines", () => {
  const secret = "s3cr3t?>value~~".repeat(6);
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.integer({ min: 10, max: 76 }),
      (before, after, width) => {
        const encoded = Buffer.from(before + secret + after).toString("base64");
        const wrapped = encoded.replaceAll(new RegExp(`.{${width}}`, "g"), "$&\n");
        const urlSafe = encoded.replaceAll("+", "-").replaceAll("/", "_");
        for (const text of [encoded, wrapped, urlSafe]) {
          const left = masked([secret], text);
          expect(left).toContain("***");
          // What is left of the encoded text holds no 6 bytes of the secret.
          const rest = left
            .split("***")
            .map((part) => Buffer.from(part, "base64").toString("latin1"));
          for (let at = 0; at + 6 <= secret.length; at += 1) {
            const piece = secret.slice(at, at + 6);
            if (before.includes(piece) || after.includes(piece)) continue;
            expect(rest.some((part) => part.includes(piece))).toBe(false);
          }
        }
      },
    ),
  );
});

/** Texts in which secrets, parts of them and newlines follow each other. */
const alphabet = fc.constantFrom("a", "b", "c", "\n", "\r\n", "abcab", "cabcc", "%20", "x");
const soup = fc.array(alphabet, { maxLength: 60 }).map((parts) => parts.join(""));
const secretSoup = fc.array(fc.constantFrom("a", "b", "c", "\n", " "), {
  minLength: 4,
  maxLength: 12,
});
const secretLists = fc.array(
  secretSoup.map((parts) => parts.join("")),
  { maxLength: 4 },
);

test("what comes out does not depend on how the stream was cut", () => {
  const cuts = fc.array(fc.nat(400), { maxLength: 20 });
  fc.assert(
    fc.property(secretLists, soup, cuts, (secrets, text, places) => {
      const bytes = Buffer.from(text);
      const sorted = [0, ...places.filter((place) => place < bytes.length), bytes.length];
      sorted.sort((a, b) => a - b);
      const chunks = sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));

      expect(maskedInChunks(secrets, chunks).toString()).toBe(masked(secrets, text));
      const singles = [...bytes].map((byte) => Buffer.from([byte]));
      expect(maskedInChunks(secrets, singles).toString()).toBe(masked(secrets, text));
    }),
  );
});

test("no secret is left, and what is no secret stays", () => {
  fc.assert(
    fc.property(secretLists, soup, (secrets, text) => {
      const left = masked(secrets, text);
      const looked = secrets
        .map((secret) => secret.trim())
        .filter((secret) => secret.replaceAll("\n", "").length >= 4);
      for (const secret of looked) expect(left).not.toContain(secret);
      // Without its masks the result is what is left of the text, in order.
      let at = 0;
      for (const piece of left.split("***")) {
        at = text.indexOf(piece, at);
        expect(at).toBeGreaterThanOrEqual(0);
        at += piece.length;
      }
      if (looked.length === 0) expect(left).toBe(text);
    }),
    { numRuns: 3000 },
  );
});

test("a secret counts as maskable exactly when it is masked", () => {
  fc.assert(
    fc.property(secretSoup, (parts) => {
      const secret = parts.join("");

      expect([secret, masked([secret], secret) !== secret]).toEqual([secret, isMaskable(secret)]);
    }),
    { numRuns: 1000 },
  );
});

test("a secret within a longer one does not give away what may be the longer one's beginning", () => {
  const chunks = [Buffer.from("x abcde"), Buffer.from("fgh y")];

  expect(maskedInChunks(["bcde", "abcdefgh"], chunks).toString()).toBe("x *** y");
});

test("what is held back stays small however long the stream is", () => {
  const redactor = new Redactor(new SecretMask(["aaaaaaab"]));
  let given = 0;
  for (let sent = 1000; sent <= 1_000_000; sent += 1000) {
    given += redactor.push(Buffer.alloc(1000, "a")).length;
    expect(sent - given).toBeLessThan(20);
  }
  const repeated = new Redactor(new SecretMask(["abcd"]));
  for (let round = 0; round < 1000; round += 1) repeated.push(Buffer.from("abcd".repeat(250)));

  expect(repeated.end().toString()).toBe("***");
});
