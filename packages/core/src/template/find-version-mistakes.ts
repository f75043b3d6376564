import type { CanonicalStep } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { isVersionWithin } from "../target/version-range.ts";

/** Bounds of interpreters' versions that are none, or that leave no version between them. */
export function findVersionMistakes(steps: readonly CanonicalStep[]): readonly ErrorDetail[] {
  return steps.flatMap(({ interpreter: { skill } }, index) => {
    const pointer = `/actions/steps/${index}/interpreter/skill`;
    const bounds = (["minVersion", "maxVersion"] as const).filter((bound) => skill[bound] !== "");
    const mistakes = bounds
      .filter((bound) => !versionPattern.test(skill[bound]))
      .map((bound) => ({
        pointer: `${pointer}/${bound}`,
        message: `${JSON.stringify(skill[bound])} is not a version, such as "1.0.0"; leave it out where there is no bound`,
      }));
    if (mistakes.length > 0 || skill.minVersion === "") return mistakes;
    if (isVersionWithin(skill.minVersion, skill)) return [];
    const message = `no version is between ${JSON.stringify(skill.minVersion)} and ${JSON.stringify(skill.maxVersion)}`;
    return [{ pointer: `${pointer}/maxVersion`, message }];
  });
}

const versionPattern = /^v?\d+(?:\.\d+)*(?:[-+].*)?$/;
