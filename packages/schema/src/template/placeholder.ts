/** Whether a text is nothing but a placeholder such as `<STRING>` or `<NODE_ID>`. */
export function isPlaceholder(text: string): boolean {
  return /^<[A-Z][A-Z0-9_ ]{0,40}>$/.test(text);
}

/** The first placeholder in a text that could not be read, with its offset. */
export function findPlaceholder(
  text: string,
): { readonly text: string; readonly offset: number } | undefined {
  const found = /<[A-Z][A-Z0-9_ ]{0,40}>/.exec(text);
  return found === null ? undefined : { text: found[0], offset: found.index };
}

/** What a person has to do about a placeholder. */
export function placeholderMessage(placeholder: string): string {
  return `placeholder ${placeholder} must be replaced by a value of your own`;
}
