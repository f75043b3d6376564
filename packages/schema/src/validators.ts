import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Finding } from "./explain-violation.ts";
import { findViolations } from "./find-violations.ts";
import { schemas, type SchemaTypes } from "./generated/schemas.ts";
import { problemsMax } from "./limits.ts";

/** The name of a schema document, such as `job-template` or `run-list`. */
export type SchemaName = keyof SchemaTypes;

/** One thing that is wrong in a body that has no file behind it. */
export interface BodyProblem {
  readonly pointer: string;
  readonly message: string;
  readonly expected?: string;
  readonly didYouMean?: string;
  readonly allowed?: readonly string[];
}

/** What validating a body yields: the same data, now typed, or everything that is wrong with it. */
export type BodyResult<Name extends SchemaName> =
  | { readonly ok: true; readonly value: SchemaTypes[Name] }
  | { readonly ok: false; readonly problems: readonly BodyProblem[] };

/** Checks data against a schema document; compiles the document on first use and changes nothing in the data. */
export function validateBody<Name extends SchemaName>(name: Name, data: unknown): BodyResult<Name> {
  const findings = checkAgainst(name, data);
  // The schema has just accepted the data, and the type is generated from the schema.
  if (findings.length === 0) return { ok: true, value: data as SchemaTypes[Name] };
  return { ok: false, problems: findings.slice(0, problemsMax).map(toBodyProblem) };
}

/** Everything that is wrong with data, in the order of the schema; empty when it is valid. */
export function checkAgainst(name: SchemaName, data: unknown): readonly Finding[] {
  const validate = validatorFor(name);
  const isValid = validate(data);
  const errors: readonly ErrorObject[] = validate.errors ?? [];
  return isValid === true ? [] : findViolations(errors);
}

// Compiling costs milliseconds per document, and most processes use few of them. The cache is write-once per name and
// cannot be observed from outside.
const compiled = new Map<SchemaName, ValidateFunction>();
const compilers = new Map<"body" | "frame", Ajv2020>();

/** What peers send that have not proved who they are, thousands of times a second; nobody reads all that is wrong with it. */
const frames: ReadonlySet<SchemaName> = new Set(["node-frame", "server-frame"]);

function validatorFor(name: SchemaName): ValidateFunction {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const kind = frames.has(name) ? "frame" : "body";
  const compiler = compilers.get(kind) ?? createAjv(kind);
  compilers.set(kind, compiler);
  const validate = compiler.getSchema(name);
  if (validate === undefined) throw new Error(`no schema is named "${name}"`);
  compiled.set(name, validate);
  return validate;
}

function createAjv(kind: "body" | "frame"): Ajv2020 {
  const created = new Ajv2020({
    // Gathering every error takes quadratic time: 4 MB of wrong messages would hold the process for hours.
    allErrors: kind === "body",
    discriminator: true,
    verbose: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
    validateSchema: false,
    meta: false,
    // Compiling takes half as long without these, and a template is checked once, not a million times.
    inlineRefs: kind === "frame",
    code: { optimize: kind === "frame" },
  });
  // Instants are written by us and read by people: an annotation, not a check.
  created.addFormat("date-time", true);
  created.addFormat("iana-time-zone", isTimeZone);
  for (const schema of Object.values(schemas)) created.addSchema({ ...schema });
  return created;
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // A RangeError is Intl's way to say no.
    return false;
  }
}

function toBodyProblem(finding: Finding): BodyProblem {
  const { pointer, message, expected, didYouMean, allowed } = finding;
  return {
    pointer,
    message,
    ...(expected === undefined ? {} : { expected }),
    ...(didYouMean === undefined ? {} : { didYouMean }),
    ...(allowed === undefined ? {} : { allowed }),
  };
}
