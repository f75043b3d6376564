/** The number of a step, or one sentence about why there is none. */
export type FoundStep =
  | { readonly ok: true; readonly stepNumber: number }
  | { readonly ok: false; readonly reason: string };

/** Finds a step by its number (from 1) or by its name, which must be that of one step only. */
export function findStep(
  steps: readonly { readonly name: string }[],
  wanted: number | string,
): FoundStep {
  const known = steps.map(({ name }, index) => `${index + 1} ${JSON.stringify(name)}`).join(", ");
  if (typeof wanted === "number") {
    if (wanted >= 1 && wanted <= steps.length) return { ok: true, stepNumber: wanted };
    return { ok: false, reason: `there is no step ${wanted}; the steps are ${known}` };
  }
  const numbers = steps.flatMap(({ name }, index) => (name === wanted ? [index + 1] : []));
  const [stepNumber] = numbers;
  const name = JSON.stringify(wanted);
  if (stepNumber === undefined) {
    return { ok: false, reason: `there is no step ${name}; the steps are ${known}` };
  }
  if (numbers.length === 1) return { ok: true, stepNumber };
  return { ok: false, reason: `the steps ${numbers.join(", ")} are named ${name}; use a number` };
}
