export { BenchAgent } from "./bench-agent.ts";
export { CountingBus } from "./counting-bus.ts";
export { settle, until } from "./event-loop.ts";
export { FakeClock } from "./fake-clock.ts";
export type { FlakyDatabase } from "./flaky-database.ts";
export { flakyDatabase } from "./flaky-database.ts";
export type { MemorySession } from "./memory-session.ts";
export { openMemorySession } from "./memory-session.ts";
export { MemoryTransport } from "./memory-transport.ts";
export { PatientReports } from "./patient-reports.ts";
export type { TestNode } from "./test-node.ts";
export { enrolTestNode } from "./test-node.ts";
export type { DatabaseKind, TemporaryDatabase } from "./temporary-database.ts";
export type { BenchJob } from "./scheduler-bench.ts";
export { SchedulerBench } from "./scheduler-bench.ts";
export { stressService } from "./service-contract.ts";
export { temporaryDatabase, whyUnavailable } from "./temporary-database.ts";
export type { PostgresServer } from "./temporary-postgres.ts";
export { findPostgresBinaries, startPostgresServer } from "./temporary-postgres.ts";
export type { VirtualFleetOptions, VirtualFleetStats } from "./virtual-fleet.ts";
export { VirtualFleet } from "./virtual-fleet.ts";
export type { VirtualBehaviour } from "./virtual-fleet-agent.ts";
export type { JobGoal, JobTally } from "./virtual-fleet-ledger.ts";
export { FleetLedger } from "./virtual-fleet-ledger.ts";
export type { VirtualNode, VirtualNodeRange } from "./virtual-fleet-nodes.ts";
export {
  enrolVirtualNodes,
  enrolVirtualNodesOverHttp,
  virtualNodeName,
} from "./virtual-fleet-nodes.ts";
export type { FleetCommand } from "./virtual-fleet-process.ts";
export { serveFleet } from "./virtual-fleet-process.ts";
export { useBudgets } from "./use-budgets.ts";
