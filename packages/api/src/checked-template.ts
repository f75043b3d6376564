import {
  canonicaliseTemplate,
  CourierError,
  findMistakes,
  findScheduleProblems,
  findUnsupported,
  type ErrorDetail,
} from "@courier/core";
import {
  validateTemplate,
  type CanonicalJob,
  type Problem,
  type TemplateFormat,
  type TemplateResult,
} from "@courier/schema";

/** A template that this version can execute. */
export interface CheckedTemplate {
  readonly job: CanonicalJob;
  readonly warnings: readonly Problem[];
  /** Gives pointers into the template their line and column in the user's own text. */
  readonly locate: Extract<TemplateResult, { ok: true }>["locate"];
}

/** Checks the text of a template that would be added now (Unix ms); throws TEMPLATE_INVALID or TEMPLATE_UNSUPPORTED with every problem at its place. */
export async function checkTemplate(
  text: string,
  { format, now }: { readonly format: TemplateFormat; readonly now: number },
): Promise<CheckedTemplate> {
  const result = await validateTemplate(text, format);
  if (!result.ok) throw invalid(result.problems);
  const job = canonicaliseTemplate(result.template);
  const mistakes = findMistakes(job);
  if (mistakes.length > 0) throw invalid(await result.locate(mistakes));
  const scheduleProblems = findScheduleProblems(job, now);
  if (scheduleProblems.length > 0) throw invalid(await result.locate(scheduleProblems));
  const unsupported = findUnsupported(job);
  if (unsupported.length > 0) throw unsupportedError(await result.locate(unsupported));
  return { job, warnings: result.warnings, locate: result.locate };
}

/** Problems of a template as the details of an error. */
export function detailsOf(problems: readonly Problem[]): ErrorDetail[] {
  return problems.map(({ pointer, line, column, message }) => ({ pointer, line, column, message }));
}

function invalid(problems: readonly Problem[]): CourierError {
  return new CourierError("TEMPLATE_INVALID", `the template has ${counted(problems)}`, {
    details: detailsOf(problems),
  });
}

function unsupportedError(problems: readonly Problem[]): CourierError {
  const fields = problems.map((problem) => problem.pointer).join(", ");
  return new CourierError(
    "TEMPLATE_UNSUPPORTED",
    `the template asks for what this version does not execute: ${fields}`,
    { details: detailsOf(problems) },
  );
}

function counted(problems: readonly Problem[]): string {
  return problems.length === 1 ? "a problem" : `${problems.length} problems`;
}
