/** The original's way to say that there is no next time. */
export const noTime = "0001-01-01T00:00:00Z";

/** An instant as RFC 3339 in UTC with milliseconds. */
export function rfc3339(instantMs: number): string {
  return new Date(instantMs).toISOString();
}

/** Like `rfc3339`, keeping the absence of an instant. */
export function rfc3339OrNull(instantMs: number | null): string | null {
  return instantMs === null ? null : rfc3339(instantMs);
}
