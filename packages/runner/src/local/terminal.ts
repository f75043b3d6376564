import type { Writable } from "node:stream";

/** Where a local run writes. */
export interface Terminal {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Writes and resolves when the stream has taken it. A reader that went away (`| head`) is no failure of the run. */
export async function writeTo(stream: Writable, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => stream.write(data, () => resolve()));
}

/** Control characters of names and reasons must not reach a terminal. */
export function visible(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => (character === "\n" ? "⏎" : "·"));
}

/** Aligned columns, the first row is the header. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, (row[column] ?? "").length), 0),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
