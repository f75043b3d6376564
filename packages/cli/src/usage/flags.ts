import { CourierError } from "@courier/core";

/** The flags that were given, by camelCase name (`--job-id` and `--jobId` are both `jobId`). */
export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** The value of a flag that takes one. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? unquotedId(value) : undefined;
  }

  /** The value of a flag that the command declares as required; the parser has seen to it, but not that it says anything. */
  need(name: string): string {
    const value = this.text(name) ?? "";
    if (value.trim() === "") throw new CourierError("USAGE", `--${name} must not be empty`);
    return value;
  }

  /** Whether a switch is on. */
  isOn(name: string): boolean {
    return this.#values[name] === true;
  }

  /** A switch that may carry a value (`--expand`, `--expand=false`). */
  isTrue(name: string, otherwise: boolean): boolean {
    const value = this.#values[name];
    return value === undefined ? otherwise : value === true || value === "true";
  }

  /** A whole number within limits; anything else is a usage error that names them. */
  integer(
    name: string,
    limits: { readonly min: number; readonly max?: number },
  ): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    const max = limits.max ?? Number.MAX_SAFE_INTEGER;
    if (value >= limits.min && value <= max) return value;
    const range =
      limits.max === undefined ? `${limits.min} or more` : `${limits.min} to ${limits.max}`;
    throw new CourierError("USAGE", `--${name} must be a whole number, ${range}, not "${text}"`);
  }
}

/** Scripts that read ids with `jq .id` instead of `jq -r .id` pass them with their quotes. */
function unquotedId(value: string): string {
  return /^"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"$/i.exec(value)?.[1] ?? value;
}
