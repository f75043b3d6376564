import {
  runTransitions,
  type RunStatus,
  sourcesOf,
  statesOf,
  stepTransitions,
  terminalStates,
} from "@courier/core";

/** The states a run can be dispatched from. */
export const dispatchableStates: readonly RunStatus[] = sourcesOf(runTransitions, "dispatch");

/** The states a run is in while its node has it: those a node can end it from. */
export const inFlightStates: readonly RunStatus[] = sourcesOf(runTransitions, "succeed");

/** The states a node can start a run from. */
export const startableStates: readonly RunStatus[] = sourcesOf(runTransitions, "start");

/** The states of a step that may still change. */
export const openStepStates: readonly string[] = statesOf(stepTransitions).filter(
  (state) => !terminalStates(stepTransitions).includes(state),
);

/** States as the list of an SQL `IN`. They are constants of core's tables, never data. */
export function sqlList(states: readonly string[]): string {
  return states.map((state) => `'${state}'`).join(", ");
}
