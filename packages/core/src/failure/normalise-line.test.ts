import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lastLine, normaliseLine } from "./normalise-line.ts";

describe("lastLine", () => {
  test.each([
    { text: "a\nb\n", line: "b" },
    { text: "a\nno space left on device\n\n  \n", line: "no space left on device" },
    { text: "10 %\r20 %\rdone", line: "done" },
    { text: "windows\r\n", line: "windows" },
    { text: "\u001b[31merror:\u001b[0m bad\u0007\n", line: "error: bad" },
    { text: "  much \t space ", line: "much space" },
    { text: "", line: "" },
    { text: "\n\n", line: "" },
  ])("of $text is $line", ({ text, line }) => {
    expect(lastLine(text)).toBe(line);
  });

  test("is bounded and has one line, whatever the bytes were", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 10_000 }), (text) => {
        const line = lastLine(text);

        expect(line.length).toBeLessThanOrEqual(200);
        expect(line).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe("normaliseLine", () => {
  test.each([
    {
      left: "2026-11-25T22:52:10.123Z web-1: write error",
      right: "2026-11-26 01:00:00 web-1: write error",
    },
    { left: "disk 97% full", right: "disk 100% full" },
    { left: "connect 10.0.0.1:443 refused", right: "connect 10.20.30.40:8443 refused" },
    {
      left: "lock 0b5ecb55-2c5c-4f5c-8c3e-000000000001 is held",
      right: "lock 7c9e6679-7425-40de-944b-e07fc1f90ae7 is held",
    },
    { left: "object 3f2a9b1c0d is missing", right: "object a1b2c3d4e5 is missing" },
    { left: "segfault at 0x7f00", right: "segfault at 0xffee01" },
  ])("takes '$left' and '$right' for the same", ({ left, right }) => {
    expect(normaliseLine(left, "web-1")).toBe(normaliseLine(right, "web-1"));
  });

  test("takes each node's own name for the same", () => {
    expect(normaliseLine("web-1: no space left", "web-1")).toBe(
      normaliseLine("db-primary: no space left", "db-primary"),
    );
  });

  test.each([
    { left: "no space left on device", right: "read-only file system" },
    { left: "deadbeef is a word", right: "defaced is a word" },
    { left: "cannot open /etc/passwd", right: "cannot open /etc/shadow" },
  ])("tells '$left' from '$right'", ({ left, right }) => {
    expect(normaliseLine(left, "n")).not.toBe(normaliseLine(right, "n"));
  });

  test("changes nothing when it is done twice", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (line) => {
        const once = normaliseLine(line, "");

        expect(normaliseLine(once, "")).toBe(once);
      }),
    );
  });
});
