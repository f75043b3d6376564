import { CourierError } from "@courier/core";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The text of a body; throws BODY_INVALID when its bytes are not UTF-8. */
export function bodyText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CourierError("BODY_INVALID", "the body is not valid UTF-8", { cause });
  }
}

/** The data of a JSON body; throws BODY_INVALID with the place of the mistake. */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const text = bodyText(bytes);
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CourierError("BODY_INVALID", `the body is not valid JSON: ${message}`, { cause });
  }
}
