export type { Database, DatabaseOptions, Db } from "./database.ts";
export { openDatabase } from "./open-database.ts";
export type { Page, PageRequest } from "./page.ts";
export type { FiredJob, InsertJobOutcome, JobRow, NewJobRow, QueuedJob } from "./jobs.ts";
export {
  claimDueJobs,
  claimJobsToReview,
  findJob,
  findJobsWithOpenInstance,
  hasOpenInstance,
  insertJob,
  listJobs,
  nextJobDueAt,
  queueOccurrence,
  setJobFired,
  setJobsFired,
  takeQueuedJobs,
} from "./jobs.ts";
export type { JobChange } from "./job-changes.ts";
export {
  changeJob,
  deleteJob,
  findJobIdByName,
  listOpenInstanceIdsOfJob,
  listPastDueJobs,
  lockJob,
  purgeDeletedJobs,
} from "./job-changes.ts";
export type { ExceptionRuleRow, ExceptionState } from "./exception-rules.ts";
export {
  advanceExceptionState,
  claimJobsBehind,
  deleteExceptionRule,
  findExceptionRule,
  insertExceptionRule,
  listExceptionRules,
  readExceptions,
  updateExceptionRule,
} from "./exception-rules.ts";
export type { WaitingStart } from "./waiting-starts.ts";
export {
  claimWaitingStarts,
  deleteWaitingStart,
  withdrawWaitingStart,
  findWaitingStart,
  insertWaitingStart,
  postponeWaitingStart,
  reviewWaitingStarts,
} from "./waiting-starts.ts";
export type { MissedOccurrences } from "./missed-occurrences.ts";
export {
  deleteOldMissedOccurrences,
  heldBackOccurrences,
  insertMissedOccurrences,
  listMissedOccurrences,
  trimMissedOccurrences,
} from "./missed-occurrences.ts";
export type { IdempotencyRow } from "./idempotency.ts";
export { findIdempotency, insertIdempotency } from "./idempotency.ts";
export type {
  InstanceChange,
  InstanceHead,
  InstanceMove,
  InstanceRow,
  LockedInstance,
  NewInstance,
} from "./instances.ts";
export {
  findInstance,
  insertInstance,
  insertInstances,
  listInstances,
  listRerunIds,
  listOpenInstanceIds,
  lockInstances,
  updateInstance,
  moveInstances,
} from "./instances.ts";
export type { CountsDelta, GroupChange, GroupKey, GroupRow, GroupUpdate } from "./groups.ts";
export {
  addToCounts,
  listGroups,
  listGroupsPastDeadline,
  listSoakedGroups,
  nextGroupDeadlineAt,
  updateGroup,
  updateGroups,
} from "./groups.ts";
export type {
  DispatchedRun,
  EndedPendingRuns,
  EndedRun,
  NewRun,
  PendingRun,
  RunRow,
} from "./runs.ts";
export {
  dispatchRuns,
  endPendingRuns,
  endRuns,
  firstToken,
  insertRuns,
  insertRunsOfGroups,
  markSent,
  selectPendingRuns,
} from "./runs.ts";
export type {
  NodeReportBatch,
  RecordedReports,
  ResultReport,
  RunTransition,
  StartedReport,
} from "./reports.ts";
export { recordReports } from "./reports.ts";
export type { StepRow, StepUpsert } from "./steps.ts";
export { listSteps, upsertSteps } from "./steps.ts";
export type { StepOutputs } from "./step-outputs.ts";
export { copyStepOutputs, listStepOutputs } from "./step-outputs.ts";
export type { NewOutputChunk, NodeOutputBatch, OutputRow } from "./output.ts";
export type { AttemptStream, OutputExtent } from "./output.ts";
export { appendOutput, listOutput, listOutputExtents, readOutputPiece } from "./output.ts";
export type { EvidenceRow } from "./evidence.ts";
export {
  deleteOldEvidence,
  insertEvidence,
  listEvidence,
  listRecordedArchives,
} from "./evidence.ts";
export type { ArchiveStore, StoredArchive } from "./archives/archive-store.ts";
export { archiveName } from "./archives/archive-store.ts";
export { FileArchives } from "./archives/file-archives.ts";
export { TableArchives } from "./archives/table-archives.ts";
export { openArchives } from "./archives/open-archives.ts";
export type { ExpiredStop, StopRequested } from "./stops.ts";
export { listExpiredStops, nextStopDeadlineAt, requestStops } from "./stops.ts";
export type {
  FoundRun,
  OpenRun,
  RerunTarget,
  RunPlace,
  StrandedRun,
  UnacceptedRun,
} from "./run-lists.ts";
export {
  countGroupOnline,
  findRun,
  findRuns,
  listMovedRuns,
  listRerunTargets,
  listStranded,
  listUnaccepted,
  openRunsOfNode,
} from "./run-lists.ts";
export type { AbsentNode, NodeOccupation, OpenStep } from "./explain-lists.ts";
export {
  listAbsentNodes,
  listOccupations,
  listOpenInstancesOfJob,
  listOpenSteps,
} from "./explain-lists.ts";
export type { InFlightExample, InFlightKind } from "./in-flight-summary.ts";
export { summariseInFlight } from "./in-flight-summary.ts";
export type { FailedRun } from "./failed-runs.ts";
export { listFailedRuns } from "./failed-runs.ts";
export type { NodeConnection, NodeDisconnection, NodeRow, PreviousJournal } from "./nodes.ts";
export {
  changeUserAttributes,
  findNode,
  findNodeByIdentifier,
  findNodes,
  findNodeNames,
  findNodesByIdentifiers,
  findSessions,
  listNodes,
  setAllNodesOffline,
  setNodesArchived,
  setNodesOffline,
  setNodesOnline,
  touchNodes,
} from "./nodes.ts";
export { findFilteredNodes } from "./filtered-nodes.ts";
export type { InsertNodeSetOutcome, NodeSetKind, NodeSetRow } from "./node-sets.ts";
export {
  addNodeSetMembers,
  deleteNodeSet,
  findJobUsing,
  findNodeSet,
  insertNodeSet,
  listNodeSetMembers,
  listNodeSets,
  removeNodeSetMembers,
  replaceNodeSetMembers,
  updateConstraints,
} from "./node-sets.ts";
export { approveNodes, findAdmittedNodes, moveToCohort, updateCohort } from "./cohorts.ts";
export { findPlannedNodes } from "./planned-nodes.ts";
export { insertPlannedTargets, takePlannedTargets } from "./planned-targets.ts";
export type { InsertRuns } from "./batches.ts";
export { findNodesInSet, resolveTargets, resolveTargetsOfAll } from "./resolve-targets.ts";
export type { BudgetChange, BudgetOutcome, BudgetRow } from "./budgets.ts";
export {
  countBudgets,
  deleteBudget,
  findBudget,
  insertBudget,
  listBudgets,
  updateBudget,
} from "./budgets.ts";
export type { BudgetHolder, BudgetMeasure, BudgetUse } from "./budget-use.ts";
export {
  addHolders,
  dropEndedHolders,
  findCoveredNodes,
  listHoldingNodes,
  lockBudgets,
  measureBudget,
  readBudgets,
  recountBudget,
} from "./budget-use.ts";
export type { BudgetHoldingRun, BudgetWait, BudgetWaiter, HeldPick } from "./budget-waiters.ts";
export {
  addWaiters,
  dropWaiters,
  dropWaitersOfGroup,
  hasWaiters,
  listBudgetWaits,
  listHeldInstanceIds,
  selectHeldRuns,
} from "./budget-waiters.ts";
export type { EnrolNodeOutcome, EnrollmentKeyRow } from "./enrollment.ts";
export { enrolNode, insertEnrollmentKey } from "./enrollment.ts";
export type { TokenRow } from "./tokens.ts";
export { countTokens, findTokenByHash, insertToken } from "./tokens.ts";
export type { AuditRow } from "./audit.ts";
export { insertAudit, listAudit } from "./audit.ts";
export { insertSettingIfAbsent, readSetting } from "./settings.ts";
export { deleteEndedInstances, deleteExpiredIdempotency, deleteOldAudit } from "./retention.ts";
export type { ListRunsOptions } from "./run-pages.ts";
export { listRuns } from "./run-pages.ts";
export { deleteToken, listTokens } from "./token-list.ts";
