import { extname } from "node:path";
import type { TemplateFormat } from "@courier/schema";

const formats: Readonly<Record<string, TemplateFormat>> = {
  ".json": "json",
  ".yaml": "yaml",
  ".toml": "toml",
};

/** The template format of a file by its extension; undefined for what is no template. */
export function formatOf(file: string): TemplateFormat | undefined {
  return formats[extname(file)];
}
