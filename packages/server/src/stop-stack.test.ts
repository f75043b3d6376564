import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { StopStack } from "./stop-stack.ts";

function setup(): { stack: StopStack; stopped: string[] } {
  const stopped: string[] = [];
  return { stack: new StopStack(pino({ level: "silent" })), stopped };
}

describe("StopStack", () => {
  it("stops what was started last first", async () => {
    const { stack, stopped } = setup();
    stack.push("store", async () => void stopped.push("store"));
    stack.push("api", async (reason) => void stopped.push(`api: ${reason}`));

    await stack.stop("SIGTERM");

    expect(stopped).toEqual(["api: SIGTERM", "store"]);
  });

  it("stops the rest when a part fails", async () => {
    const { stack, stopped } = setup();
    stack.push("store", async () => void stopped.push("store"));
    stack.push("api", async () => {
      throw new Error("stuck");
    });

    await stack.stop("SIGTERM");

    expect(stopped).toEqual(["store"]);
  });

  it("stops each part once, however often it is asked", async () => {
    const { stack, stopped } = setup();
    stack.push("store", async () => void stopped.push("store"));

    await Promise.all([stack.stop("a"), stack.stop("b")]);
    await stack.stop("c");

    expect(stopped).toEqual(["store"]);
  });
});
