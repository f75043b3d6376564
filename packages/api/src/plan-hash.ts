import { createHash } from "node:crypto";
import { planTexts, type PlanMemory } from "@courier/core";

/**
 * Names a template with its resolved targets: `p1-`, 16 hex digits of the SHA-256 of the template's text, `-`, 32 of that of the
 * targets' (`planTexts` in core says what is in them). `p1` changes when what is hashed does.
 */
export function hashPlan({ job, targets }: PlanMemory): string {
  const texts = planTexts(job, targets);
  return `p1-${digest(texts.template, 16)}-${digest(texts.targets, 32)}`;
}

/** Which halves of two hashes differ. */
export function comparePlanHashes(
  planned: string,
  present: string,
): { readonly hasTemplateChanged: boolean; readonly haveTargetsChanged: boolean } {
  const [, plannedTemplate, plannedTargets] = planned.split("-");
  const [, template, targets] = present.split("-");
  return {
    hasTemplateChanged: plannedTemplate !== template,
    haveTargetsChanged: plannedTargets !== targets,
  };
}

function digest(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
