import { open } from "node:fs/promises";
import { extname } from "node:path";
import type { Readable } from "node:stream";

import { CourierError } from "@courier/core";
import type { TemplateFormat } from "@courier/schema";

import type { OptionSpec } from "../command.ts";
import { bodyBytesMax } from "../limits.ts";
import type { Flags } from "../usage/flags.ts";

/** The flags of every command that takes a template. */
export const templateOptions: readonly OptionSpec[] = optionsOf("template");

/** The flags of every command that takes another body. */
export const bodyOptions: readonly OptionSpec[] = optionsOf("body");

function optionsOf(what: string): readonly OptionSpec[] {
  return [
    { flag: "--body-file <FILE>", summary: `file with the ${what}; "-" reads standard input` },
    { flag: "--body <TEXT>", summary: `the ${what} itself` },
    {
      flag: "--body-format <FORMAT>",
      summary: `format of the ${what}; by default what the file's extension says, else json`,
      choices: ["json", "yaml", "toml"],
    },
  ];
}

/** A template as the user gave it. */
export interface Body {
  readonly text: string;
  readonly format: TemplateFormat;
  /** What messages call it. */
  readonly file: string;
}

/** Reads the template (or what `what` calls it) that the flags name; nothing, two of them, or one that cannot be text is an error. */
export async function readBody(flags: Flags, stdin: Readable, what = "template"): Promise<Body> {
  const text = flags.text("body");
  const path = flags.text("bodyFile");
  if ((text === undefined) === (path === undefined)) {
    const mistake =
      text === undefined ? `no ${what} is given` : "--body-file and --body are both given";
    throw new CourierError("USAGE", `${mistake}; use --body-file FILE or --body TEXT`);
  }
  const file = path === undefined ? "--body" : path === "-" ? "<stdin>" : path;
  const bytes = path === undefined ? Buffer.from(text ?? "") : await readSource(path, stdin);
  if (bytes.length > bodyBytesMax) throw tooLarge(file, bytes.length);
  return { text: decode(bytes, file), format: chooseFormat(flags, path), file };
}

async function readSource(path: string, stdin: Readable): Promise<Buffer> {
  return path === "-" ? readBounded(stdin, "<stdin>") : readFile(path);
}

async function readFile(path: string): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const status = await file.stat();
      if (status.isDirectory())
        throw new CourierError("USAGE", `"${path}" is a directory, not a file`);
      if (status.size > bodyBytesMax) throw tooLarge(path, status.size);
      return await readBounded(file.createReadStream({ autoClose: false }), path);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof CourierError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
    throw new CourierError("USAGE", `cannot read "${path}": ${reason}`, { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission denied",
  ENOTDIR: "a part of the path is not a directory",
  ELOOP: "the path is a circle of links",
  ENAMETOOLONG: "the path is too long",
};

/** A pipe or a device has no size to ask for beforehand. */
async function readBounded(stream: Readable, file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    const bytes = Buffer.from(part as Uint8Array);
    parts.push(bytes);
    size += bytes.length;
    if (size > bodyBytesMax) throw tooLarge(file, undefined);
  }
  return Buffer.concat(parts);
}

function tooLarge(file: string, size: number | undefined): CourierError {
  const found = size === undefined ? "more than that" : describeSize(size);
  const message = `"${file}" is too large: at most ${describeSize(bodyBytesMax)}, found ${found}`;
  return new CourierError("BODY_TOO_LARGE", message);
}

function describeSize(bytes: number): string {
  const mebibytes = bytes / (1024 * 1024);
  return `${Number.isInteger(mebibytes) ? mebibytes : mebibytes.toFixed(1)} MiB`;
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CourierError("BODY_INVALID", `"${file}" is not text in UTF-8`, { cause });
  }
}

function chooseFormat(flags: Flags, path: string | undefined): TemplateFormat {
  const chosen = flags.text("bodyFormat");
  if (chosen === "json" || chosen === "yaml" || chosen === "toml") return chosen;
  const extension = path === undefined ? "" : extname(path).toLowerCase();
  if (extension === ".yaml" || extension === ".yml") return "yaml";
  return extension === ".toml" ? "toml" : "json";
}
