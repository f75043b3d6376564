import type { Readable } from "node:stream";

import { parseTemplate } from "@courier/schema";

import type { Flags } from "../usage/flags.ts";
import { readBody } from "./read-body.ts";
import { TemplateError } from "./template-error.ts";

/** A body that is no template, as data; what cannot be read is an error with its line and column. */
export async function readDocument(flags: Flags, stdin: Readable): Promise<unknown> {
  const { text, format, file } = await readBody(flags, stdin, "request body");
  const parsed = await parseTemplate(text, format);
  if (parsed.ok) return parsed.value.data;
  throw new TemplateError("BODY_INVALID", `${file} is not ${format.toUpperCase()}`, {
    file,
    details: parsed.problems,
  });
}
