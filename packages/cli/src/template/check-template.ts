import {
  canonicaliseTemplate,
  findMistakes,
  findScheduleProblems,
  findScheduleWarnings,
  findUnsupported,
  type ErrorDetail,
} from "@courier/core";
import { readOnlyJobFields, validateTemplate, type CanonicalJob } from "@courier/schema";

import type { Body } from "./read-body.ts";
import { TemplateError } from "./template-error.ts";

/** A template that is valid. */
export interface CheckedTemplate {
  readonly job: CanonicalJob;
  /** What is accepted and surely not meant, or dropped. */
  readonly warnings: readonly ErrorDetail[];
  /** What is valid but refused by services of this version. */
  readonly unsupported: readonly ErrorDetail[];
}

/** Checks a template as the service will when it is added now (Unix ms); throws all its problems at once. */
export async function checkTemplate(body: Body, now: number): Promise<CheckedTemplate> {
  const result = await validateTemplate(body.text, body.format);
  if (!result.ok) throw invalid(body, result.problems);
  const job = canonicaliseTemplate(result.template);
  const mistakes = [...findScheduleProblems(job, now), ...findMistakes(job)];
  if (mistakes.length > 0) throw invalid(body, await result.locate(mistakes));
  return {
    job,
    warnings: [...(await result.locate(findScheduleWarnings(job, now))), ...result.warnings],
    unsupported: await result.locate(findUnsupported(job)),
  };
}

/** Checks a template that replaces a job's: it may be a job as get-job shows it. Whether its schedule has ended the service knows. */
export async function checkReplacement(
  body: Body,
  now: number,
): Promise<Pick<CheckedTemplate, "warnings">> {
  const ignoredFields = readOnlyJobFields;
  const result = await validateTemplate(body.text, body.format, { ignoredFields });
  if (!result.ok) throw invalid(body, result.problems);
  const job = canonicaliseTemplate(result.template);
  const mistakes = findMistakes(job);
  if (mistakes.length > 0) throw invalid(body, await result.locate(mistakes));
  const scheduleWarnings = await result.locate(findScheduleWarnings(job, now));
  return { warnings: [...scheduleWarnings, ...result.warnings] };
}

function invalid(body: Body, problems: readonly ErrorDetail[]): TemplateError {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new TemplateError(
    "TEMPLATE_INVALID",
    `${body.file} is not a valid job template: ${count}`,
    {
      file: body.file,
      details: problems,
    },
  );
}
