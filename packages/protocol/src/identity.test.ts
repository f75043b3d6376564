import { expect, test } from "vitest";
import { challengeText, welcomeText } from "./identity.ts";

const parts = { serverNonce: "S", nodeNonce: "N", nodeId: "id" };

test("what a node signs holds its id and both nonces", () => {
  expect(challengeText(parts)).toBe("courier node hello v1\nid\nS\nN");
});

test("what the service signs is no answer to any challenge", () => {
  const swapped = { ...parts, serverNonce: parts.nodeNonce, nodeNonce: parts.serverNonce };

  expect(welcomeText(parts)).toBe("courier server welcome v1\nid\nN\nS");
  expect([challengeText(parts), challengeText(swapped)]).not.toContain(welcomeText(parts));
});
