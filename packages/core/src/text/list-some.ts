/** Names that a message lists before it only counts. */
const listedMax = 5;

/** The first few names, and how many more there are: `web-1, web-2 and 7 more`. */
export function listSome(names: readonly string[], max: number = listedMax): string {
  const more = names.length - max;
  const listed = names.slice(0, max).join(", ");
  return more > 0 ? `${listed} and ${more} more` : listed;
}
