import { describe, expect, it } from "vitest";
import { hashSecret, mintEnrollmentKey, mintToken } from "./secrets.ts";

describe("secrets", () => {
  it("mints tokens and keys in their documented formats", () => {
    expect(mintToken().text).toMatch(/^cou_[0-9a-f]{8}_[0-9a-f]{64}$/);
    expect(mintEnrollmentKey().text).toMatch(/^cek_[0-9a-f]{8}_[0-9a-f]{64}$/);
  });

  it("keeps prefix and hash of the very text", () => {
    const minted = mintToken();

    expect(minted.text.startsWith(`${minted.prefix}_`)).toBe(true);
    expect(minted.hash).toBe(hashSecret(minted.text));
    expect(minted.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("never mints the same secret twice", () => {
    expect(mintToken().text).not.toBe(mintToken().text);
  });
});
