import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { CourierError } from "@courier/core";

/**
 * Reads the certificate of one more authority, PEM text. Throws a USAGE error: what is no certificate is told of at the
 * start, and not by every connection that fails.
 */
export function readAuthority(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    createSecureContext({ ca: text });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CourierError("USAGE", `--cafile ${file}: ${reason}`, { cause });
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new CourierError("USAGE", `--cafile ${file}: there is no PEM certificate in it`);
}
