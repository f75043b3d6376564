/** Other spellings of query parameters, each with the one that the schemas know. */
const canonicalNames: ReadonlyMap<string, string> = new Map([
  ["page", "pagination.page"],
  ["size", "pagination.size"],
  ["groupNum", "groupNumber"],
]);

/**
 * Reads a query string into the spelling of the route schemas: `job-id` becomes `jobId`, `page` becomes `pagination.page`.
 * A parameter that is given twice keeps all its values, which no schema accepts.
 */
export function parseQueryString(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string>;
  if (text === "") return query;
  for (const [name, value] of new URLSearchParams(text)) {
    const canonical = canonicalNames.get(name) ?? camelCase(name);
    const earlier = query[canonical];
    query[canonical] = earlier === undefined ? value : [earlier, value].flat();
  }
  return query;
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
