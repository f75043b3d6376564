import { assert } from "@courier/core";
import type { Assignment } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";
import type { RunPort } from "./node-context.ts";
import { StepVariables } from "./step-variables.ts";

/** The steps of one run, as the run's journal makes them. */
export class RunSteps {
  readonly #port: RunPort;
  /** Of the step that was asked for last. */
  #known:
    | { readonly stepNumber: number; readonly secretCount: number; readonly known: StepVariables }
    | undefined;

  constructor(port: RunPort) {
    this.#port = port;
  }

  assignment(): Assignment {
    const { assignment, runId } = this.#port.state();
    assert(assignment !== undefined, `run ${runId} has no assignment`);
    return assignment;
  }

  /** A step with its variables replaced, unless they stand in its way. */
  at(stepNumber: number): CanonicalStep {
    const { resolved } = this.variables(stepNumber);
    return resolved.kind === "run" ? resolved.step : this.#written(stepNumber);
  }

  /** They are the same for all attempts of a step but for secrets that an earlier one has produced. */
  variables(stepNumber: number): StepVariables {
    const state = this.#port.state();
    const secretCount = state.secrets.length;
    if (this.#known?.stepNumber !== stepNumber || this.#known.secretCount !== secretCount) {
      const known = new StepVariables(state, this.#written(stepNumber));
      this.#known = { stepNumber, secretCount, known };
    }
    return this.#known.known;
  }

  #written(stepNumber: number): CanonicalStep {
    const step = this.assignment().steps[stepNumber - 1];
    assert(step !== undefined, `run has no step ${stepNumber}`);
    return step;
  }
}
