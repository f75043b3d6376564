import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { requestIdOf } from "./request-id.ts";

function requestWith(headers: Record<string, string>): IncomingMessage {
  // Only the headers are read.
  return { headers } as unknown as IncomingMessage;
}

describe("requestIdOf", () => {
  it("keeps the caller's id", () => {
    expect(requestIdOf(requestWith({ "x-request-id": "ci-42:a.b" }), () => "new")).toBe(
      "ci-42:a.b",
    );
  });

  it("makes a new one for an id that is absent, too long or could forge a log line", () => {
    const ids = ["", "x".repeat(129), 'a"b', "a\nb"];

    expect(requestIdOf(requestWith({}), () => "new")).toBe("new");
    for (const id of ids)
      expect(requestIdOf(requestWith({ "x-request-id": id }), () => "new")).toBe("new");
  });
});
