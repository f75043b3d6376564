import { CourierError } from "@courier/core";
import type { TemplateFormat } from "@courier/schema";

const formats: ReadonlyMap<string, TemplateFormat> = new Map([
  ["", "json"],
  ["application/json", "json"],
  ["text/json", "json"],
  ["application/yaml", "yaml"],
  ["application/x-yaml", "yaml"],
  ["text/yaml", "yaml"],
  ["text/x-yaml", "yaml"],
  ["application/toml", "toml"],
  ["application/x-toml", "toml"],
  ["text/toml", "toml"],
  ["text/x-toml", "toml"],
]);

/** The template format that a Content-Type names; JSON when there is none. Throws BODY_FORMAT_UNKNOWN. */
export function templateFormatOf(contentType: string | undefined): TemplateFormat {
  const [mediaType = "", ...parameters] = (contentType ?? "").split(";");
  const format = formats.get(mediaType.trim().toLowerCase());
  if (format === undefined) throw unknownFormat(`content type ${JSON.stringify(mediaType.trim())}`);
  const charset = parameters.map((text) => text.trim().toLowerCase()).find(isForeignCharset);
  if (charset !== undefined) throw unknownFormat(charset);
  return format;
}

function isForeignCharset(parameter: string): boolean {
  return parameter.startsWith("charset=") && !/^charset="?(utf-?8|us-ascii)"?$/.test(parameter);
}

function unknownFormat(what: string): CourierError {
  return new CourierError(
    "BODY_FORMAT_UNKNOWN",
    `${what} is not accepted; send application/json, application/yaml or application/toml in UTF-8`,
  );
}
