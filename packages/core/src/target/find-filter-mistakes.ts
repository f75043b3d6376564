import type { FilterConstraints, FilterOperator, ValueConstraint } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { compileLinearRegex } from "../text/linear-regex.ts";
import { enrollmentLevels, healthStatuses, valuesOf } from "./node-filter.ts";
import { parseVersionCondition } from "./skill-version.ts";

/** What the schema cannot see in a filter: expressions, version conditions, levels and health that do not exist. */
export function findFilterMistakes(
  constraints: FilterConstraints,
  pointer: string,
): readonly ErrorDetail[] {
  const { attributes = [], skills = [], enrollmentLevel, healthStatus } = constraints;
  return [
    ...attributes.flatMap(({ operator, value }, index) =>
      mistakesInTexts(operator, value, `${pointer}/attributes/${index}/value`),
    ),
    ...skills.flatMap(({ version = [] }, index) =>
      version.flatMap((text, at) =>
        mistakeInVersion(text, `${pointer}/skills/${index}/version/${at}`),
      ),
    ),
    ...mistakesInValue(enrollmentLevel, {
      possible: enrollmentLevels,
      pointer: `${pointer}/enrollmentLevel/value`,
    }),
    ...mistakesInValue(healthStatus, {
      possible: healthStatuses,
      pointer: `${pointer}/healthStatus/value`,
    }),
  ];
}

function mistakesInTexts(
  operator: FilterOperator,
  values: readonly string[],
  pointer: string,
): readonly ErrorDetail[] {
  return values.flatMap((value, index) => {
    const at = `${pointer}/${index}`;
    // No database column holds one, so that asking for it could only fail.
    if (value.includes("\0"))
      return [{ pointer: at, message: "must not contain the character NUL" }];
    return operator === "MATCHES" ? mistakeInRegex(value, at) : [];
  });
}

function mistakeInRegex(pattern: string, pointer: string): readonly ErrorDetail[] {
  const compiled = compileLinearRegex(pattern);
  if (compiled.ok) return [];
  return [{ pointer, message: `is not a regular expression in RE2 syntax: ${compiled.reason}` }];
}

function mistakeInVersion(text: string, pointer: string): readonly ErrorDetail[] {
  if (parseVersionCondition(text) !== undefined) return [];
  const message = `expected a version condition such as ">= 1.0.0" (=, !=, >, >=, <, <=), found ${JSON.stringify(text)}`;
  return [{ pointer, message }];
}

function mistakesInValue(
  constraint: ValueConstraint | undefined,
  place: { readonly possible: readonly string[]; readonly pointer: string },
): readonly ErrorDetail[] {
  if (constraint === undefined) return [];
  const { pointer, possible } = place;
  return valuesOf(constraint).flatMap((value, index) => {
    const at = typeof constraint.value === "string" ? pointer : `${pointer}/${index}`;
    if (constraint.operator === "MATCHES") return mistakeInRegex(value, at);
    if (constraint.operator === "CONTAINS" || possible.includes(value)) return [];
    const message = `expected one of ${possible.join(", ")}, found ${JSON.stringify(value)}`;
    return [{ pointer: at, message }];
  });
}
