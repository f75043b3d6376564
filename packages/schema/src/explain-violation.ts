import type { ErrorObject } from "ajv/dist/2020.js";
import { describeValue, quote, quoteAll } from "./describe-value.ts";
import { appendPointer } from "./json-pointer.ts";
import { nearestName } from "./nearest-name.ts";

/** A problem before its place in a file is known. */
export interface Finding {
  readonly pointer: string;
  /** Whether it is about the field itself or about what is written there. */
  readonly at: "key" | "value";
  readonly message: string;
  readonly expected?: string;
  readonly didYouMean?: string;
  readonly allowed?: readonly string[];
  /** The field that is missing, so that its misspelling is not reported twice. */
  readonly missing?: string;
  readonly isWrongType?: boolean;
}

/** Says in a person's words what one violation of a schema is; needs Ajv's `verbose` errors. */
export function explainViolation(error: ErrorObject): Finding {
  const explain = explanations[error.keyword];
  const params: Readonly<Record<string, unknown>> = error.params;
  const schema: Readonly<Record<string, unknown>> = error.parentSchema ?? {};
  const found: unknown = error.data;
  if (explain !== undefined) return explain({ pointer: error.instancePath, params, schema, found });
  return atValue(error.instancePath, error.message ?? `violates "${error.keyword}"`);
}

interface Violation {
  readonly pointer: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The schema object that the violated keyword stands in. */
  readonly schema: Readonly<Record<string, unknown>>;
  readonly found: unknown;
}

const explanations: Readonly<Record<string, (violation: Violation) => Finding>> = {
  required: ({ pointer, params }) => missing(pointer, String(params["missingProperty"])),
  dependentRequired: ({ pointer, params }) => missing(pointer, String(params["missingProperty"])),
  additionalProperties: unknownField,
  type: wrongType,
  enum: notAllowed,
  const: ({ pointer, params, found }) => {
    const expected = JSON.stringify(params["allowedValue"]);
    return {
      ...atValue(pointer, `expected ${expected}, found ${describeValue(found)}`),
      expected,
    };
  },
  minLength: ({ pointer, params, found }) =>
    atValue(
      pointer,
      params["limit"] === 1
        ? "must not be empty"
        : `must have at least ${String(params["limit"])} characters, found ${describeValue(found)}`,
    ),
  maxLength: ({ pointer, params, found }) =>
    atValue(
      pointer,
      `has ${String(found).length} characters, at most ${String(params["limit"])} are allowed`,
    ),
  minimum: outOfRange("at least"),
  maximum: outOfRange("at most"),
  exclusiveMinimum: outOfRange("more than"),
  exclusiveMaximum: outOfRange("less than"),
  multipleOf: ({ pointer, found }) => ({
    ...atValue(pointer, `expected a whole number, found ${String(found)}`),
    expected: "a whole number",
  }),
  minItems: ({ pointer }) => atKey(pointer, "must have at least one entry"),
  maxItems: ({ pointer, params, found }) =>
    atKey(
      pointer,
      `has ${Array.isArray(found) ? found.length : 0} entries, at most ${String(params["limit"])} are allowed`,
    ),
  minProperties: ({ pointer, schema }) => {
    const allowed = knownFields(schema);
    return { ...atKey(pointer, `must have at least one of ${quoteAll(allowed)}`), allowed };
  },
  pattern: ({ pointer, schema, found }) => described(pointer, schema, found),
  format: ({ pointer, found }) => unknownTimeZone(pointer, String(found)),
  not: ({ pointer, schema }) =>
    atKey(pointer, descriptionOf(schema) ?? "this field is not allowed here"),
};

function unknownTimeZone(pointer: string, found: string): Finding {
  const nearest = nearestName(found, Intl.supportedValuesOf("timeZone"));
  const hint = nearest === undefined ? "expected an IANA name" : `did you mean ${quote(nearest)}?`;
  return {
    ...atValue(pointer, `${quote(found)} is not a time zone, ${hint}`),
    expected: 'an IANA name such as "Europe/Berlin"',
    ...(nearest === undefined ? {} : { didYouMean: nearest }),
  };
}

function missing(pointer: string, field: string): Finding {
  return { ...atKey(pointer, `required field ${quote(field)} is missing`), missing: field };
}

function unknownField({ pointer, params, schema }: Violation): Finding {
  const field = String(params["additionalProperty"]);
  const allowed = knownFields(schema);
  const didYouMean = nearestName(field, allowed);
  return {
    ...atKey(
      appendPointer(pointer, field),
      didYouMean === undefined
        ? `unknown field ${quote(field)}, known here are ${quoteAll(allowed)}`
        : `unknown field ${quote(field)}, did you mean ${quote(didYouMean)}?`,
    ),
    ...(didYouMean === undefined ? {} : { didYouMean }),
    allowed,
  };
}

function knownFields(schema: Violation["schema"]): readonly string[] {
  const fields = Object.entries(schema["properties"] ?? {});
  return fields.filter(([, field]) => !isDeprecated(field)).map(([name]) => name);
}

function isDeprecated(field: unknown): boolean {
  return (
    typeof field === "object" &&
    field !== null &&
    "deprecated" in field &&
    field.deprecated === true
  );
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  null: "null",
};

function wrongType({ pointer, params, found }: Violation): Finding {
  const types = [params["type"]].flat().map(String);
  const expected = types.map((type) => typeNames[type] ?? type).join(" or ");
  return {
    ...atValue(pointer, `expected ${expected}, found ${describeValue(found)}`),
    expected,
    isWrongType: true,
  };
}

function notAllowed({ pointer, params, found }: Violation): Finding {
  const values: unknown = params["allowedValues"];
  const allowed = Array.isArray(values) ? values.map(String) : [];
  const didYouMean = typeof found === "string" ? nearestName(found, allowed) : undefined;
  const value = typeof found === "string" ? quote(found) : describeValue(found);
  const list = quoteAll(allowed);
  return {
    ...atValue(
      pointer,
      didYouMean === undefined
        ? `${value} is not allowed, expected one of ${list}`
        : `${value} is not allowed, did you mean ${quote(didYouMean)}? expected one of ${list}`,
    ),
    expected: `one of ${quoteAll(allowed)}`,
    ...(didYouMean === undefined ? {} : { didYouMean }),
    allowed,
  };
}

function outOfRange(relation: string): (violation: Violation) => Finding {
  return ({ pointer, params, found }) => ({
    ...atValue(pointer, `must be ${relation} ${String(params["limit"])}, found ${String(found)}`),
    expected: `${relation} ${String(params["limit"])}`,
  });
}

function described(pointer: string, schema: Violation["schema"], found: unknown): Finding {
  const description = descriptionOf(schema);
  const text = quote(String(found));
  if (description === undefined) return atValue(pointer, `${text} is not valid here`);
  const expected = description.replace(/\.$/, "");
  return { ...atValue(pointer, `${text} is not valid, expected ${expected}`), expected };
}

function descriptionOf(schema: Violation["schema"]): string | undefined {
  const description = schema["description"];
  return typeof description === "string" ? description : undefined;
}

function atKey(pointer: string, message: string): Finding {
  return { pointer, at: "key", message };
}

function atValue(pointer: string, message: string): Finding {
  return { pointer, at: "value", message };
}
