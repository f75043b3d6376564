import { CourierError } from "@courier/core";

/** The instant (unix ms) that a query parameter names; absent stays absent. The schema has seen to its form, not to its day. */
export function instantOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) {
    throw new CourierError(
      "REQUEST_INVALID",
      `the query's ${name} is not a time: ${JSON.stringify(text)}`,
    );
  }
  return instant;
}
