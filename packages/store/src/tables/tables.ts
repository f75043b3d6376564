import { auditColumns, type AuditTable } from "./audit-table.ts";
import {
  budgetHoldersColumns,
  budgetWaitersColumns,
  disruptionBudgetsColumns,
  type BudgetHoldersTable,
  type BudgetWaitersTable,
  type DisruptionBudgetsTable,
} from "./budgets-table.ts";
import { enrollmentKeysColumns, type EnrollmentKeysTable } from "./enrollment-keys-table.ts";
import {
  exceptionRulesColumns,
  exceptionStateColumns,
  type ExceptionRulesTable,
  type ExceptionStateTable,
} from "./exceptions-table.ts";
import { evidenceChunksColumns, type EvidenceChunksTable } from "./evidence-chunks-table.ts";
import { evidenceColumns, type EvidenceTable } from "./evidence-table.ts";
import { groupsColumns, type GroupsTable } from "./groups-table.ts";
import { idempotencyColumns, type IdempotencyTable } from "./idempotency-table.ts";
import { instancesColumns, type InstancesTable } from "./instances-table.ts";
import { jobsColumns, type JobsTable } from "./jobs-table.ts";
import {
  missedOccurrencesColumns,
  type MissedOccurrencesTable,
} from "./missed-occurrences-table.ts";
import { nodeAttributesColumns, type NodeAttributesTable } from "./node-attributes-table.ts";
import { nodeSkillsColumns, type NodeSkillsTable } from "./node-skills-table.ts";
import {
  nodeSetMembersColumns,
  nodeSetsColumns,
  type NodeSetMembersTable,
  type NodeSetsTable,
} from "./node-sets-table.ts";
import { nodesColumns, type NodesTable } from "./nodes-table.ts";
import { outputChunksColumns, type OutputChunksTable } from "./output-chunks-table.ts";
import { plannedTargetsColumns, type PlannedTargetsTable } from "./planned-targets-table.ts";
import { runsColumns, type RunsTable } from "./runs-table.ts";
import { settingsColumns, type SettingsTable } from "./settings-table.ts";
import { stepsColumns, type StepsTable } from "./steps-table.ts";
import { tokensColumns, type TokensTable } from "./tokens-table.ts";
import { waitingStartsColumns, type WaitingStartsTable } from "./waiting-starts-table.ts";

/** All tables, as Kysely sees them. */
export interface Tables {
  jobs: JobsTable;
  idempotency_keys: IdempotencyTable;
  instances: InstancesTable;
  groups: GroupsTable;
  runs: RunsTable;
  steps: StepsTable;
  output_chunks: OutputChunksTable;
  evidence: EvidenceTable;
  evidence_chunks: EvidenceChunksTable;
  nodes: NodesTable;
  node_attributes: NodeAttributesTable;
  node_skills: NodeSkillsTable;
  node_sets: NodeSetsTable;
  node_set_members: NodeSetMembersTable;
  planned_targets: PlannedTargetsTable;
  enrollment_keys: EnrollmentKeysTable;
  disruption_budgets: DisruptionBudgetsTable;
  budget_holders: BudgetHoldersTable;
  budget_waiters: BudgetWaitersTable;
  tokens: TokensTable;
  audit: AuditTable;
  settings: SettingsTable;
  exception_rules: ExceptionRulesTable;
  exception_state: ExceptionStateTable;
  waiting_starts: WaitingStartsTable;
  missed_occurrences: MissedOccurrencesTable;
}

/** All tables' columns. */
export const tableColumns: Record<keyof Tables, Readonly<Record<string, string>>> = {
  jobs: jobsColumns,
  idempotency_keys: idempotencyColumns,
  instances: instancesColumns,
  groups: groupsColumns,
  runs: runsColumns,
  steps: stepsColumns,
  output_chunks: outputChunksColumns,
  evidence: evidenceColumns,
  evidence_chunks: evidenceChunksColumns,
  nodes: nodesColumns,
  node_attributes: nodeAttributesColumns,
  node_skills: nodeSkillsColumns,
  node_sets: nodeSetsColumns,
  node_set_members: nodeSetMembersColumns,
  planned_targets: plannedTargetsColumns,
  enrollment_keys: enrollmentKeysColumns,
  disruption_budgets: disruptionBudgetsColumns,
  budget_holders: budgetHoldersColumns,
  budget_waiters: budgetWaitersColumns,
  tokens: tokensColumns,
  audit: auditColumns,
  settings: settingsColumns,
  exception_rules: exceptionRulesColumns,
  exception_state: exceptionStateColumns,
  waiting_starts: waitingStartsColumns,
  missed_occurrences: missedOccurrencesColumns,
};
