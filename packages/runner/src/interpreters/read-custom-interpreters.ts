import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CourierError, isCustomInterpreter } from "@courier/core";
import type { CustomInterpreterEntry } from "./custom-interpreter.ts";

/**
 * Reads the `interpreters` configuration: `{"interpreters": {"acme/greeter": {"path": "greeter.py", "version": "1.0.0"}}}`.
 * Relative paths start at the file's directory. Throws a USAGE error that names the place.
 */
export function readCustomInterpreters(file: string): readonly CustomInterpreterEntry[] {
  const interpreters = field(parse(file), "interpreters");
  if (!isObject(interpreters)) throw refusal(file, 'has no object "interpreters"');
  return Object.entries(interpreters).map(([name, entry]) => {
    const place = `"interpreters"."${name}"`;
    if (!/^[\w.-]+(\/[\w.-]+){0,7}$/.test(name)) {
      throw refusal(file, `${place}: give a name such as "acme/greeter"`);
    }
    if (!isCustomInterpreter(name)) {
      throw refusal(file, `${place}: this name belongs to a built-in interpreter`);
    }
    const path = resolve(dirname(resolve(file)), textField(file, place, { entry, key: "path" }));
    return { name, path, version: textField(file, place, { entry, key: "version" }) };
  });
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw refusal(file, `cannot be read as JSON: ${message}`, { cause: error });
  }
}

function textField(
  file: string,
  place: string,
  { entry, key }: { readonly entry: unknown; readonly key: string },
): string {
  const value = field(entry, key);
  if (typeof value === "string" && value !== "") return value;
  throw refusal(file, `${place} needs "${key}", a text`);
}

function field(value: unknown, key: string): unknown {
  return isObject(value) ? Reflect.get(value, key) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refusal(file: string, problem: string, options?: ErrorOptions): CourierError {
  return new CourierError("USAGE", `interpreters file ${file} ${problem}`, options);
}
