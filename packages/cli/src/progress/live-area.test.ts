import { PassThrough } from "node:stream";

import { describe, expect, it } from "vitest";

import { LiveArea } from "./live-area.ts";

describe("LiveArea", () => {
  it("replaces its lines in place and leaves notes above", () => {
    const sink = new PassThrough();
    const area = new LiveArea(sink);

    area.draw(["a", "b"]);
    area.draw(["c"]);
    area.print("note");
    area.draw(["d"]);

    expect(String(sink.read())).toBe("a\nb\n\u001b[2A\u001b[0Jc\n\u001b[1A\u001b[0Jnote\nd\n");
  });
});
