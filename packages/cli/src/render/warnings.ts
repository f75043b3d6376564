import type { ErrorDetail } from "@courier/core";

import type { CommandContext } from "../context.ts";
import { renderDetail } from "./error.ts";
import { visibleText } from "./text-width.ts";

/** One line on stderr for each, with its place in the file where there is one. */
export async function noteWarnings(
  context: Pick<CommandContext, "note" | "paintError">,
  warnings: readonly ErrorDetail[],
  file?: string,
): Promise<void> {
  const word = context.paintError("warning:", "warning");
  for (const warning of warnings) {
    await context.note(`${word} ${visibleText(renderDetail(warning, file))}`);
  }
}
