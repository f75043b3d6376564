import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { compileLinearRegex, CourierError, type LinearRegex } from "@courier/core";
import type { NodePolicy } from "./node-policy.ts";

/** Reads a policy file (README.md, "Policy"). Throws a USAGE error that names the place: a policy that is half understood protects nothing. */
export function readNodePolicy(file: string): NodePolicy {
  const document = parse(file);
  const unknown = Object.keys(document).find((key) => !isKey(key));
  if (unknown !== undefined) {
    throw refusal(file, `has an unknown key "${unknown}"; there are ${keys.join(", ")}`);
  }
  const interpreters = textsAt(file, document, "interpreters");
  const users = textsAt(file, document, "users");
  const directories = textsAt(file, document, "directories");
  const commands = textsAt(file, document, "commands");
  const relative = directories?.find((path) => !isAbsolute(path));
  if (relative !== undefined) throw refusal(file, `"directories": "${relative}" is not absolute`);
  return {
    ...(interpreters === undefined ? {} : { interpreters }),
    ...(users === undefined ? {} : { users }),
    ...(directories === undefined ? {} : { directories }),
    ...(commands === undefined
      ? {}
      : { commands: commands.map((pattern) => compile(file, pattern)) }),
  };
}

const keys = ["interpreters", "users", "directories", "commands"] as const;

function isKey(key: string): boolean {
  return keys.some((known) => known === key);
}

function compile(file: string, pattern: string): LinearRegex {
  const compiled = compileLinearRegex(`^(?:${pattern})$`);
  if (compiled.ok) return compiled.regex;
  throw refusal(file, `"commands": ${JSON.stringify(pattern)}: ${compiled.reason}`);
}

function textsAt(
  file: string,
  document: Readonly<Record<string, unknown>>,
  key: (typeof keys)[number],
): readonly string[] | undefined {
  const value = document[key];
  if (value === undefined) return undefined;
  const texts = Array.isArray(value) ? value.map((entry: unknown) => entry) : undefined;
  if (texts?.every((entry) => typeof entry === "string" && entry !== "") === true) {
    return texts.map(String);
  }
  throw refusal(file, `"${key}" must be a list of texts`);
}

function parse(file: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw refusal(file, `cannot be read as JSON: ${message}`, { cause });
  }
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    return Object.fromEntries(Object.entries(document));
  }
  throw refusal(file, "is not a JSON object");
}

function refusal(file: string, problem: string, options?: ErrorOptions): CourierError {
  return new CourierError("USAGE", `policy file ${file} ${problem}`, options);
}
