/** `1st`, `2nd`, `3rd`, `4th`, `11th`. */
export function ordinal(count: number): string {
  const isTeen = Math.floor(count / 10) % 10 === 1;
  const endings = ["th", "st", "nd", "rd"];
  return `${count}${isTeen ? "th" : (endings[count % 10] ?? "th")}`;
}

/** `1 node`, `2 nodes`: for nouns that take an s. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
