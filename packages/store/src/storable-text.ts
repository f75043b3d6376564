/** Text from a node as both databases store it: PostgreSQL refuses NUL, which would fail everyone's batch. */
export function storableText(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}
