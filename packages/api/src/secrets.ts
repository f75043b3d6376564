import { createHash, randomBytes } from "node:crypto";

/** A new secret with its stored form. `text` is shown once and never stored. */
export interface MintedSecret {
  readonly text: string;
  /** Names the secret in lists and logs without giving it away. */
  readonly prefix: string;
  readonly hash: string;
}

/** A new API token, `cou_<8 hex>_<64 hex>`. */
export function mintToken(): MintedSecret {
  return mint("cou");
}

/** A new code for a login, 64 hex. */
export function mintLoginCode(): string {
  return randomBytes(32).toString("hex");
}

/** A new enrolment key, `cek_<8 hex>_<64 hex>`. */
export function mintEnrollmentKey(): MintedSecret {
  return mint("cek");
}

/** What is stored of a secret: SHA-256 in hex (256 random bits need no slow hash). */
export function hashSecret(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function mint(kind: "cou" | "cek"): MintedSecret {
  const prefix = `${kind}_${randomBytes(4).toString("hex")}`;
  const text = `${prefix}_${randomBytes(32).toString("hex")}`;
  return { text, prefix, hash: hashSecret(text) };
}
