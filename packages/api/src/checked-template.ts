import {
  canonicaliseTemplate,
  CourierError,
  findMistakes,
  findScheduleProblems,
  findScheduleWarnings,
  findUnsupported,
  isSameSchedule,
  type ErrorDetail,
} from "@courier/core";
import {
  readOnlyJobFields,
  validateTemplate,
  type CanonicalJob,
  type Problem,
  type TemplateFormat,
  type TemplateResult,
} from "@courier/schema";

/** A template that this version can execute. */
export interface CheckedTemplate {
  readonly job: CanonicalJob;
  /** What is legal but odd, or surely not meant. */
  readonly warnings: readonly Problem[];
  /** Values of read-only fields that came with a template that replaces another. */
  readonly ignored: Readonly<Record<string, unknown>>;
  /** Gives pointers into the template their line and column in the user's own text. */
  readonly locate: Extract<TemplateResult, { ok: true }>["locate"];
}

/**
 * Checks the text of a template that would be added now (Unix ms), or that replaces a job: then it may be a job as it was
 * read, and a schedule that stays is not asked whether it has ended. Throws TEMPLATE_INVALID or TEMPLATE_UNSUPPORTED with
 * every problem at its place.
 */
export async function checkTemplate(
  text: string,
  asked: {
    readonly format: TemplateFormat;
    readonly now: number;
    readonly replaced?: CanonicalJob;
  },
): Promise<CheckedTemplate> {
  const { format, now, replaced } = asked;
  const ignoredFields = replaced === undefined ? [] : readOnlyJobFields;
  const result = await validateTemplate(text, format, { ignoredFields });
  if (!result.ok) throw invalid(result.problems);
  const job = canonicaliseTemplate(result.template);
  const isKept = replaced !== undefined && isSameSchedule(replaced, job);
  const scheduleProblems = isKept ? [] : findScheduleProblems(job, now);
  const mistakes = [...scheduleProblems, ...findMistakes(job)];
  if (mistakes.length > 0) throw invalid(await result.locate(mistakes));
  const unsupported = findUnsupported(job);
  if (unsupported.length > 0) throw unsupportedError(await result.locate(unsupported));
  const { ignored, locate } = result;
  const scheduleWarnings = isKept ? [] : await locate(findScheduleWarnings(job, now));
  return { job, warnings: [...scheduleWarnings, ...result.warnings], ignored, locate };
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
