export { assert, assertNever } from "./assert.ts";
export { hasCode } from "./has-code.ts";
export type { Clock, Timer } from "./clock.ts";
export type { Service } from "./service.ts";
export type { Transition, TransitionTable } from "./state/machine.ts";
export { sourcesOf, statesOf, terminalStates } from "./state/machine.ts";
export type { RunEvent, RunOutcome, RunStatus } from "./state/run-state.ts";
export { isRunOutcome, runOutcomes, runTransitions, transitionRun } from "./state/run-state.ts";
export type { StepEvent, StepStatus } from "./state/step-state.ts";
export { stepTransitions, transitionStep } from "./state/step-state.ts";
export type { JobEvent, JobStatus } from "./state/job-state.ts";
export { jobTransitions, transitionJob } from "./state/job-state.ts";
export type { GroupEvent, GroupStatus } from "./state/group-state.ts";
export { groupTransitions, isGroupFinal, transitionGroup } from "./state/group-state.ts";
export type { InstanceEvent, InstanceStatus } from "./state/instance-state.ts";
export {
  instanceTransitions,
  isInstanceFinal,
  transitionInstance,
} from "./state/instance-state.ts";
export type { PauseEvent, PauseState, PauseTransition } from "./state/instance-pause.ts";
export { transitionPause } from "./state/instance-pause.ts";
export type { ErrorCode, ErrorCodeEntry } from "./error-codes.ts";
export { errorCodes } from "./error-codes.ts";
export type { ErrorDetail } from "./courier-error.ts";
export { CourierError } from "./courier-error.ts";
export type { Amount } from "./rollout/amount.ts";
export { readAmount, resolveAmount } from "./rollout/amount.ts";
export { batchAt } from "./rollout/batch.ts";
export type { HaltKind, HaltOn } from "./rollout/halt-on.ts";
export type { Admission, AdmissionContext, BudgetStanding } from "./budget/budget.ts";
export { admitRuns, budgetMax, budgetRoom } from "./budget/budget.ts";
export { findHalt } from "./rollout/halt-on.ts";
export type { RunCounts } from "./rollout/run-counts.ts";
export {
  addCounts,
  endedCount,
  failedCount,
  noRuns,
  pendingCount,
  runCountNames,
} from "./rollout/run-counts.ts";
export type { CriteriaStanding, Criterion, CriterionStanding } from "./rollout/criteria.ts";
export { judgeCriteria, measureCriteria } from "./rollout/criteria.ts";
export type { Failure, FailureFold } from "./failure/fold-failures.ts";
export { foldFailures, listFolds, noFailures } from "./failure/fold-failures.ts";
export type { StartWait } from "./schedule/explain-start.ts";
export { explainStart } from "./schedule/explain-start.ts";
export { counted } from "./text/counted.ts";
export { lastLine } from "./failure/normalise-line.ts";
export { fitGroup } from "./rollout/fit-group.ts";
export type { GroupRules, GroupSpec, OfflinePolicy } from "./rollout/group-rules.ts";
export { resolveGroupRules } from "./rollout/group-rules.ts";
export type { GroupThresholds } from "./rollout/group-thresholds.ts";
export { describeThresholds } from "./rollout/group-thresholds.ts";
export { describeGroup } from "./rollout/describe-group.ts";
export type { Batch } from "./rollout/list-batches.ts";
export { listBatches } from "./rollout/list-batches.ts";
export type {
  GroupContext,
  GroupDecision,
  GroupSnapshot,
  HaltCause,
} from "./rollout/decide-group.ts";
export { decideGroup } from "./rollout/decide-group.ts";
export type { GroupStanding, InstancePlan } from "./rollout/decide-instance.ts";
export { planInstance } from "./rollout/decide-instance.ts";
export type { GroupWait } from "./rollout/explain-group.ts";
export type {
  ExplainableGroup,
  GroupExplanation,
  InstanceWait,
} from "./rollout/explain-instance.ts";
export { explainInstance } from "./rollout/explain-instance.ts";
export type { InFlightFacts, RunWaitKind } from "./rollout/explain-run.ts";
export { explainRun, runWaitKinds } from "./rollout/explain-run.ts";
export type { SettledRuns } from "./rollout/settle-offline.ts";
export { settleOffline } from "./rollout/settle-offline.ts";
export type { FoundStep } from "./template/find-step.ts";
export { findStep } from "./template/find-step.ts";
export { canonicalJson, canonicaliseTemplate, zeroId } from "./template/canonicalise.ts";
export { findMistakes } from "./template/find-mistakes.ts";
export type {
  BlockedOccurrence,
  ExceptionWindow,
  FreeOccurrence,
} from "./schedule/exception-windows.ts";
export type { GlobalException, Timetable } from "./schedule/timetable.ts";
export {
  findGlobalExceptionProblems,
  findScheduleProblems,
  globalWindowOf,
  isSameSchedule,
  nextFree,
  timetableOf,
} from "./schedule/timetable.ts";
export type { BlockedSpan, NextExecution } from "./schedule/next-execution.ts";
export { firstFreeInstant, nextExecution, spansUntil } from "./schedule/next-execution.ts";
export { findLongFreeze, findScheduleWarnings } from "./schedule/schedule-warnings.ts";
export type { RunTimeEstimate } from "./schedule/estimate-run-times.ts";
export { estimateRunTimes } from "./schedule/estimate-run-times.ts";
export type { StartDecision } from "./schedule/decide-start.ts";
export { decideStart } from "./schedule/decide-start.ts";
export type { MissedSpan } from "./schedule/plan-firing.ts";
export { misfireGraceMs, planFiring } from "./schedule/plan-firing.ts";
export type { Occurrence, ParsedSchedule, Schedule } from "./schedule/schedule.ts";
export { occurrencesAfter, parseSchedule } from "./schedule/schedule.ts";
export { playbookSource, shownUrl } from "./template/playbook-source.ts";
export { keyPairOf, tokenOf } from "./key-pair.ts";
export { findUnsupported } from "./template/find-unsupported.ts";
export {
  ansibleInterpreterName,
  chefClientInterpreterName,
  inspecInterpreterName,
  isCustomInterpreter,
  restartInterpreterName,
  shellInterpreterName,
} from "./template/interpreter-names.ts";
export { retryDelayMs, retryDelayMsMax } from "./backoff.ts";
export { cpuQuotaOf } from "./cpu-quota.ts";
export type { SettledStep } from "./state/settle-step.ts";
export { settleStep } from "./state/settle-step.ts";
export type { NodeAttribute, NodeAttributes, NodeSkill } from "./target/node-facts.ts";
export { listAttributes, mergeAttributes } from "./target/node-facts.ts";
export { findFilterMistakes } from "./target/find-filter-mistakes.ts";
export type { FilterableNode, NodeTest } from "./target/node-filter.ts";
export {
  admittedValues,
  compileFilter,
  enrollmentLevels,
  healthStatuses,
  namespacesOf,
} from "./target/node-filter.ts";
export { setIdentifiersIn, setKindOf } from "./target/node-set.ts";
export type { Value, Values } from "./variables/value.ts";
export { mask, secretTexts, sensitiveBytesMax, valueBytesMax, valueOf } from "./variables/value.ts";
export type { ResolvedStep, RunnableStep } from "./variables/resolve-step.ts";
export { resolveStep } from "./variables/resolve-step.ts";
export type { Extraction, SourceText } from "./variables/extract-value.ts";
export { extractValue } from "./variables/extract-value.ts";
export { readShown, showOutputs } from "./variables/show-values.ts";
export { shellQuote, substitute } from "./variables/template-text.ts";
export { describeCondition } from "./variables/condition.ts";
export type { Latency, ParsedLatency } from "./simulation/latency.ts";
export { parseLatency } from "./simulation/latency.ts";
export type { Round, SimulatedGroup, SimulatedTarget } from "./simulation/simulate-round.ts";
export type { SimulatedBudgets } from "./simulation/virtual-budgets.ts";
export type {
  Assumptions,
  GroupSimulation,
  Simulation,
  SimulationOrder,
} from "./simulation/simulate-rollout.ts";
export { playRounds, roundsFor, summariseRounds } from "./simulation/simulate-rollout.ts";
export { describeSimulation, percent } from "./simulation/describe-simulation.ts";
export type {
  PlannedBudget,
  PlannedGroup,
  PlannedJob,
  PlannedNode,
} from "./plan/planned-target.ts";
export { countAtOnce, describeBudgets } from "./plan/plan-budgets.ts";
export type { PlanTexts } from "./plan/plan-texts.ts";
export { planTexts } from "./plan/plan-texts.ts";
export type { PlanMemory } from "./plan/find-drift.ts";
export { findDrift } from "./plan/find-drift.ts";
export { findPlanWarnings, nodesInSeveralGroups } from "./plan/find-plan-warnings.ts";
export { listSome } from "./text/list-some.ts";
export { isVersionWithin } from "./target/version-range.ts";
export { compileLinearRegex, type LinearRegex } from "./text/linear-regex.ts";
