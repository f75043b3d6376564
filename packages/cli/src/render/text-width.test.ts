import { describe, expect, it } from "vitest";
import { cutText, textWidth, visibleText, wrapText } from "./text-width.ts";

describe("wrapText", () => {
  it("fills lines to their last column, and no further", () => {
    expect(wrapText("aaa bbb ccc", 7, "")).toEqual(["aaa bbb", "ccc"]);
    expect(wrapText("aaa bbb ccc", 6, "")).toEqual(["aaa", "bbb", "ccc"]);
  });

  it("counts the indents of the first line and of the others", () => {
    expect(wrapText("  aaa bbb ccc", 9, "    ")).toEqual(["  aaa bbb", "    ccc"]);
    expect(wrapText("  aaa bbb ccc", 8, "    ")).toEqual(["  aaa", "    bbb", "    ccc"]);
  });

  it("cuts a word that is longer than a line, and nothing else", () => {
    expect(wrapText("a /var/lib/courier b", 8, " ")).toEqual(["a", " /var/l…", " b"]);
  });
});

describe("cutText", () => {
  it("leaves what fits, and keeps the ellipsis within the width", () => {
    expect(cutText("abcde", 5)).toBe("abcde");
    expect(cutText("abcdef", 5)).toBe("abcd…");
    expect(cutText("abc", 0)).toBe("");
  });

  it("never takes half of a character that is two columns wide", () => {
    expect(textWidth("更新a")).toBe(5);
    expect(cutText("更新更新", 6)).toBe("更新…");
    expect(cutText("更新", 3)).toBe("更…");
  });
});

describe("visibleText", () => {
  it("leaves nothing that moves a cursor, changes colours or turns text around", () => {
    expect(visibleText("a\u001b[31mb\nc\td\u202ee\u2066f\u2028g\u0007")).toBe("a·[31mb⏎c d·e·f·g·");
  });
});
