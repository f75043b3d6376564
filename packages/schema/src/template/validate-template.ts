import { describeValue } from "../describe-value.ts";
import type { Finding } from "../explain-violation.ts";
import type { JobTemplate } from "../generated/job-template.ts";
import type { Problem } from "../generated/problem.ts";
import { checkAgainst } from "../validators.ts";
import { findWarnings } from "./find-warnings.ts";
import { findOversized, inspectData } from "./inspect-data.ts";
import type { ParsedTemplate, TemplateFormat } from "./parsed-template.ts";
import { parseTemplate } from "./parse-template.ts";
import { placeFindings } from "./place-findings.ts";

/** What later checks found in a template: a pointer and what is wrong there. */
export interface TemplateRemark {
  readonly pointer: string;
  readonly message: string;
}

/** A template that is a valid job, or everything that is wrong with it. */
export type TemplateResult =
  | {
      readonly ok: true;
      readonly template: JobTemplate;
      readonly warnings: readonly Problem[];
      /** Values of fields that were to be ignored. */
      readonly ignored: Readonly<Record<string, unknown>>;
      /** Gives later findings, such as fields that this version cannot execute, their line and column. */
      readonly locate: (remarks: readonly TemplateRemark[]) => Promise<readonly Problem[]>;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What a stored job shows beside its template: ignored where a job that was read is sent back. */
export const readOnlyJobFields: readonly string[] = [
  ...["createdAt", "exceptionReasons", "executionCount", "id", "lastUpdatedBy", "modifiedAt"],
  ...["nextExecutionTime", "status", "updatedAt"],
];

/**
 * Reads and checks a template: all its problems at once, in the order of the user's file, each with JSON pointer, line
 * and column. Of `ignoredFields` nothing is checked.
 */
export async function validateTemplate(
  text: string,
  format: TemplateFormat,
  { ignoredFields = [] }: { readonly ignoredFields?: readonly string[] } = {},
): Promise<TemplateResult> {
  const parsed = await parseTemplate(text, format);
  if (!parsed.ok) return parsed;
  const { data, ignored } = withoutFields(parsed.value.data, ignoredFields);
  const findings = findProblems(data, format);
  if (findings.length > 0) return { ok: false, problems: await placed(findings, parsed.value) };
  // The schema has just accepted the data, and the type is generated from the schema.
  const template = data as JobTemplate;
  return {
    ok: true,
    template,
    ignored,
    warnings: [...parsed.value.warnings, ...(await placed(findWarnings(template), parsed.value))],
    locate: (remarks) => placed(remarks.map(toFinding), parsed.value),
  };
}

function withoutFields(
  data: unknown,
  fields: readonly string[],
): { readonly data: unknown; readonly ignored: Readonly<Record<string, unknown>> } {
  if (fields.length === 0 || typeof data !== "object" || data === null || Array.isArray(data))
    return { data, ignored: {} };
  const isIgnored = ([name]: readonly [string, unknown]): boolean => fields.includes(name);
  const entries = Object.entries(data);
  return {
    data: Object.fromEntries(entries.filter((entry) => !isIgnored(entry))),
    ignored: Object.fromEntries(entries.filter(isIgnored)),
  };
}

function findProblems(data: unknown, format: TemplateFormat): readonly Finding[] {
  // A TOML file that holds nothing but comments is an empty table.
  const isBare =
    format === "toml" && typeof data === "object" && Object.keys(data ?? {}).length === 0;
  if (data === null || data === undefined || isBare) {
    const message = `the file is empty, expected a job template in ${format.toUpperCase()}`;
    return [{ pointer: "", at: "value", message }];
  }
  if (typeof data !== "object" || Array.isArray(data)) {
    const message = `expected the fields of a job, found ${describeValue(data)}`;
    return [{ pointer: "", at: "value", message, expected: "an object" }];
  }
  const oversized = findOversized(data);
  if (oversized.length > 0) return oversized;
  const early = inspectData(data);
  const covered = new Set(early.map((finding) => finding.pointer));
  const violations = checkAgainst("job-template", data);
  return [...early, ...violations.filter((finding) => !isCovered(finding.pointer, covered))];
}

/** What the schema says about a placeholder, or about what is inside of one, is a consequence and not news. */
function isCovered(pointer: string, covered: ReadonlySet<string>): boolean {
  for (let end = pointer.length; end > 0; end = pointer.lastIndexOf("/", end - 1)) {
    if (covered.has(pointer.slice(0, end))) return true;
  }
  return false;
}

function toFinding(remark: TemplateRemark): Finding {
  return { ...remark, at: "value" };
}

async function placed(
  findings: readonly Finding[],
  parsed: ParsedTemplate,
): Promise<readonly Problem[]> {
  return findings.length === 0 ? [] : placeFindings(findings, await parsed.loadPositions());
}
