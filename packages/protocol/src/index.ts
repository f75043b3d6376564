export type {
  Accepted,
  AttemptArtifacts,
  Heartbeat,
  Hello,
  JournalledRun,
  NodeMessage,
  OutputChunk,
  OutputStream,
  RunReport,
  RunResult,
  Started,
  StepChanged,
  StepReport,
} from "./node-messages.ts";
export type {
  Ack,
  Assign,
  Assignment,
  Challenge,
  Goodbye,
  OutputAck,
  ServerMessage,
  Stop,
  StopOutcome,
  Welcome,
} from "./server-messages.ts";
export type { InstanceMoved, NodeDelivery, NodeReports, NodeSession } from "./node-gate.ts";
export { instanceTopic, nodeTopic, runTopic, workTopic } from "./node-gate.ts";
export { challengeText, evidenceText, welcomeText } from "./identity.ts";
export { tarEnd, tarHead, tarPadding, type TarEntry } from "./tar.ts";
export {
  artifactBytesMax,
  artifactFilesMax,
  evidenceArchiveBytesMax,
  evidenceDeadlineMs,
  evidencePartBytesMax,
  frameBytesMax,
  nodeQueueMax,
  outputChunkBytesMax,
  outputQuotaBytesDefault,
  protocolVersion,
  runsPerMessageMax,
} from "./limits.ts";
export type {
  Asker,
  CancelAnswer,
  JobControl,
  PauseAnswer,
  Rerun,
  RerunAnswer,
  RerunOrder,
  RerunSelection,
  StartAnswer,
  StartedJob,
  StartOrder,
  WorkMessage,
} from "./job-control.ts";
export type {
  AbsentNodeExample,
  ExplainedGroup,
  Explanation,
  BudgetHold,
  BudgetHolderExample,
  RolloutWait,
  RunWait,
  RunWaitExample,
} from "./explanation.ts";
export type { DecodedFrame } from "./frame.ts";
export { decodeNodeFrame, decodeServerFrame, encodeFrame } from "./frame.ts";
