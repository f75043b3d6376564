import { open, type FileHandle } from "node:fs/promises";
import { extname } from "node:path";
import type { Readable } from "node:stream";
import {
  canonicaliseTemplate,
  CourierError,
  findMistakes,
  findUnsupported,
  type ErrorDetail,
} from "@courier/core";
import {
  formatProblems,
  validateTemplate,
  type CanonicalJob,
  type JobTemplate,
  type Problem,
  type TemplateFormat,
} from "@courier/schema";
import { jobFileBytesMax } from "../limits.ts";

/** A template that can be executed here. */
export interface LocalJob {
  readonly job: CanonicalJob;
  /** One line each, with file, line and column. */
  readonly warnings: readonly string[];
  /** Fields that the file has and that mean nothing without a service. */
  readonly ignored: readonly string[];
}

/** Reads and checks a template as the service would; throws with every problem at its line and column. */
export async function readJob(
  path: string,
  options: { readonly format: TemplateFormat | undefined; readonly stdin: Readable },
): Promise<LocalJob> {
  const file = path === "-" ? "<stdin>" : path;
  const text = await readText(path, { file, stdin: options.stdin });
  const format = options.format ?? formatOf(path);
  const result = await validateTemplate(text, format);
  if (!result.ok) throw invalid(file, result.problems);
  const job = canonicaliseTemplate(result.template);
  const mistakes = findMistakes(job);
  if (mistakes.length > 0) throw invalid(file, await result.locate(mistakes));
  const unsupported = findUnsupported(job).filter(concernsSteps);
  if (unsupported.length > 0) throw invalid(file, await result.locate(unsupported));
  const warnings =
    result.warnings.length === 0 ? [] : formatProblems(result.warnings, file).split("\n");
  return { job, warnings, ignored: ignoredFields(result.template) };
}

/** Where and when a job is executed: everything but its name and steps. */
function ignoredFields(template: JobTemplate): readonly string[] {
  const { name: _, description: __, actions, ...rest } = template;
  const isAgentless = actions.accessMode === "agentless";
  return [...Object.keys(rest), ...(isAgentless ? ["actions.accessMode"] : [])];
}

function concernsSteps({ pointer }: ErrorDetail): boolean {
  return pointer.startsWith("/actions/steps");
}

function invalid(file: string, problems: readonly Problem[]): CourierError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const lines = formatProblems(problems, file).replaceAll(/^/gm, "  ");
  return new CourierError("TEMPLATE_INVALID", `${file}: ${count}, nothing was started\n${lines}`);
}

function formatOf(path: string): TemplateFormat {
  const extension = extname(path).toLowerCase();
  if (extension === ".yaml" || extension === ".yml") return "yaml";
  return extension === ".toml" ? "toml" : "json";
}

async function readText(
  path: string,
  { file, stdin }: { readonly file: string; readonly stdin: Readable },
): Promise<string> {
  const bytes = path === "-" ? await readBounded(stdin, file) : await readFile(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CourierError("BODY_INVALID", `"${file}" is not text in UTF-8`, { cause });
  }
}

async function readFile(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    return await readBounded(handle.createReadStream({ autoClose: false }), path);
  } catch (cause) {
    if (cause instanceof CourierError) throw cause;
    const text = cause instanceof Error ? cause.message : String(cause);
    const reason = text.startsWith("ENOENT") ? "there is no such file" : text;
    throw new CourierError("USAGE", `--job-file "${path}" cannot be read: ${reason}`, { cause });
  } finally {
    await handle?.close();
  }
}

async function readBounded(stream: Readable, file: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    const bytes = Buffer.from(part as Uint8Array);
    size += bytes.length;
    if (size > jobFileBytesMax) {
      const message = `"${file}" is larger than a template may be (${jobFileBytesMax} bytes)`;
      throw new CourierError("BODY_TOO_LARGE", message);
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
