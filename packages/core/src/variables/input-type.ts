import { showValue } from "./show-value.ts";
import { mask, type Value } from "./value.ts";

const patterns: Readonly<Record<string, RegExp>> = {
  number: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/,
  integer: /^[+-]?\d+$/,
  int: /^[+-]?\d+$/,
  boolean: /^(?:true|false)$/,
  bool: /^(?:true|false)$/,
};

/**
 * Why a value is not of its declared type, as a sentence. `number`, `integer` and `boolean` are checked, white space around them
 * does not count; `string` and every other type take any text.
 */
export function typeProblem(
  name: string,
  { type, value }: { readonly type: string; readonly value: Value },
): string | undefined {
  const pattern = Object.hasOwn(patterns, type) ? patterns[type] : undefined;
  if (pattern === undefined || pattern.test(value.text.trim())) return undefined;
  const shown = value.isSensitive ? mask : showValue(value.text);
  return `input "${name}" must be of type ${type}, but is ${shown}`;
}
