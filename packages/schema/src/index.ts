export type {
  AccessMode,
  Actions,
  Amount,
  AmountType,
  AnsibleCommand,
  AttributeConstraint,
  BackoffType,
  BatchSize,
  ChefClientCommand,
  Condition,
  ConditionOperator,
  DistributionMethod,
  ExceptionRule,
  ExecutionType,
  ExpectedInput,
  FailureAction,
  FailureBehavior,
  FilterConstraints,
  FilterOperator,
  HaltOn,
  Inputs,
  InspecCommand,
  Interpreter,
  JobTemplate,
  MisfirePolicy,
  NodeFilter,
  NodeListType,
  OfflinePolicy,
  OnEmpty,
  OutputFieldRule,
  OutputFieldRules,
  OverlapPolicy,
  RestartCommand,
  RetryBackoffStrategy,
  ShellCommand,
  SkillConstraint,
  Step,
  StepLimits,
  SuccessCriterion,
  Target,
  TargetGroup,
  ValueConstraint,
} from "./generated/job-template.ts";
export type {
  ActionSpec,
  CanonicalBackoff,
  CanonicalBatchSize,
  CanonicalCondition,
  CanonicalExpectedInput,
  CanonicalFailureBehavior,
  CanonicalGroup,
  CanonicalHaltOn,
  CanonicalInterpreter,
  CanonicalJob,
  CanonicalOutputFieldRule,
  CanonicalStep,
  CanonicalStepLimits,
  TargetSpec,
} from "./generated/canonical-job.ts";
export type {
  ExplainedCriterion,
  ExplainedGroup,
  ExplainedInstance,
  ExplainedWait,
  FirstFailure,
  FoldedFailure,
  InstanceExplanation,
  WaitExample,
} from "./generated/instance-explanation.ts";
export type { PlanGroup, PlanResponse } from "./generated/plan-response.ts";
export type { ExplainedStartWait, JobExplanation } from "./generated/job-explanation.ts";
export type { TransitionEvent } from "./generated/transition-event.ts";
export type { PauseResponse } from "./generated/pause-response.ts";
export type { CancelJobResponse } from "./generated/cancel-job-response.ts";
export type { DeleteJobResponse } from "./generated/delete-job-response.ts";
export type { DisruptionBudget } from "./generated/budget.ts";
export type { BudgetList } from "./generated/budget-list.ts";
export type { BudgetResponse } from "./generated/budget-response.ts";
export type { GlobalException } from "./generated/exception-rule.ts";
export type { GlobalExceptionList } from "./generated/exception-rule-list.ts";
export type { GlobalExceptionResponse } from "./generated/exception-rule-response.ts";
export type { MissedOccurrence } from "./generated/missed-occurrence.ts";
export type { MissedOccurrenceList } from "./generated/missed-occurrence-list.ts";
export type { RunTimesResponse } from "./generated/run-times-response.ts";
export type { StartJobRequest } from "./generated/start-job-request.ts";
export type { StartJobResponse } from "./generated/start-job-response.ts";
export type { RetryRequest } from "./generated/retry-request.ts";
export type { RerunRequest } from "./generated/rerun-request.ts";
export type { RerunResponse } from "./generated/rerun-response.ts";
export type { AddJobResponse } from "./generated/add-job-response.ts";
export type { ApiToken } from "./generated/api-token.ts";
export type { ApiTokenList } from "./generated/api-token-list.ts";
export type { ApiTokenRequest, TokenRole } from "./generated/api-token-request.ts";
export type { ApiTokenResponse } from "./generated/api-token-response.ts";
export type { CancelResponse } from "./generated/cancel-response.ts";
export type { EnrollmentKeyRequest } from "./generated/enrollment-key-request.ts";
export type { EnrollmentKeyResponse } from "./generated/enrollment-key-response.ts";
export type { EvidenceUploadResponse } from "./generated/evidence-upload-response.ts";
export type { ErrorBody, ErrorDetail } from "./generated/error-body.ts";
export type {
  GroupStatus,
  InstanceDetail,
  InstanceGroup,
  RunCounts,
} from "./generated/instance-detail.ts";
export type { InstanceList } from "./generated/instance-list.ts";
export type { InstanceResponse } from "./generated/instance-response.ts";
export type { Instance, InstanceStatus } from "./generated/instance.ts";
export type { JobList } from "./generated/job-list.ts";
export type { JobResponse } from "./generated/job-response.ts";
export type { Job, JobStatus } from "./generated/job.ts";
export type { NodeEnrollRequest } from "./generated/node-enroll-request.ts";
export type { NodeEnrollResponse } from "./generated/node-enroll-response.ts";
export type { NodeList } from "./generated/node-list.ts";
export type { NodeSetIdResponse } from "./generated/node-set-id-response.ts";
export type { NodeSetList } from "./generated/node-set-list.ts";
export type { NodeSetResponse } from "./generated/node-set-response.ts";
export type { NodeSet } from "./generated/node-set.ts";
export type { FleetNode } from "./generated/node.ts";
export type { OutputChunkList } from "./generated/output-chunk-list.ts";
export type { OutputChunk } from "./generated/output-chunk.ts";
export type { Pagination } from "./generated/pagination.ts";
export type { Problem } from "./generated/problem.ts";
export type { RunDetail } from "./generated/run-detail.ts";
export type { RunList } from "./generated/run-list.ts";
export type { RunResponse } from "./generated/run-response.ts";
export type { Run, RunStatus } from "./generated/run.ts";
export { schemas } from "./generated/schemas.ts";
export type { SchemaTypes } from "./generated/schemas.ts";
export type { StepList } from "./generated/step-list.ts";
export type { StepArtifacts, StepResult, StepStatus } from "./generated/step.ts";
export type { ValidateResponse } from "./generated/validate-response.ts";
export type { JsonSchema } from "./json-schema.ts";
export { formatProblems } from "./format-problems.ts";
export { templateLengthMax } from "./limits.ts";
export type { ParsedTemplate, ParseResult, TemplateFormat } from "./template/parsed-template.ts";
export { parseTemplate } from "./template/parse-template.ts";
export { locate } from "./template/position.ts";
export type { Place, Position, PositionIndex } from "./template/position.ts";
export { readOnlyJobFields, validateTemplate } from "./template/validate-template.ts";
export type { TemplateRemark, TemplateResult } from "./template/validate-template.ts";
export { validateBody } from "./validators.ts";
export type { BodyProblem, BodyResult, SchemaName } from "./validators.ts";
export { nearestName } from "./nearest-name.ts";
