import { randomUUID } from "node:crypto";
import { canonicaliseTemplate, type RunStatus } from "@courier/core";
import { workTopic } from "@courier/protocol";
import { Scheduler, type SchedulerOptions } from "@courier/scheduler";
import type { JobTemplate, TargetGroup } from "@courier/schema";
import {
  findInstance,
  insertJob,
  listGroups,
  listInstances,
  listRuns,
  type Database,
  type GroupRow,
  type InstanceRow,
  type RunRow,
} from "@courier/store";
import { BenchAgent } from "./bench-agent.ts";
import { CountingBus } from "./counting-bus.ts";
import { settle } from "./event-loop.ts";
import { FakeClock } from "./fake-clock.ts";
import { flakyDatabase, type FlakyDatabase } from "./flaky-database.ts";
import { enrolTestNode } from "./test-node.ts";

/** What a bench's job does beyond naming its nodes. */
export interface BenchJob {
  /** What the only step executes; default `true`. */
  readonly command?: string;
  /** Default 1. */
  readonly stepCount?: number;
  readonly executionType?: "sequential" | "parallel";
  /** When it runs; default at once. */
  readonly schedule?: Pick<
    JobTemplate,
    | "scheduleRule"
    | "exceptionRules"
    | "timeZone"
    | "misfirePolicy"
    | "overlapPolicy"
    | "allowManualExecution"
    | "ignoreExceptions"
  >;
  /** When it is due first (Unix ms); default now. */
  readonly nextExecutionAt?: number;
  /** Groups by the positions of their nodes on the bench. */
  readonly groups: readonly ({ readonly nodes: readonly number[] } & Partial<TargetGroup>)[];
}

/** A scheduler on a real database with enrolled nodes and a clock that stands still. */
export class SchedulerBench {
  readonly clock: FakeClock = new FakeClock();
  readonly bus: CountingBus = new CountingBus();
  readonly flaky: FlakyDatabase;
  readonly agents: BenchAgent[] = [];
  scheduler: Scheduler;
  readonly #log: SchedulerOptions["log"];

  constructor(options: { readonly db: Database; readonly log: SchedulerOptions["log"] }) {
    this.#log = options.log;
    this.flaky = flakyDatabase(options.db);
    this.scheduler = this.#newScheduler();
  }

  /** Starts the scheduler with nodes that are enrolled and, unless told otherwise, online. */
  async start(nodeCount: number, options: { readonly isOffline?: boolean } = {}): Promise<void> {
    await this.scheduler.start();
    for (let position = 0; position < nodeCount; position += 1) {
      const { nodeId } = await enrolTestNode(this.flaky.db);
      const agent = new BenchAgent({ nodeId, bus: this.bus, reports: this.#reports() });
      this.agents.push(agent);
      if (options.isOffline !== true) await this.during(agent.connect());
    }
  }

  /** A new life of the service on the same database; its nodes are disconnected. */
  async restart(): Promise<void> {
    await this.scheduler.stop();
    this.scheduler = this.#newScheduler();
    await this.scheduler.start();
    await this.quiet();
  }

  agent(position: number): BenchAgent {
    const agent = this.agents[position];
    if (agent === undefined) throw new Error(`no node ${position} on the bench`);
    return agent;
  }

  /** Adds a job and lets it fire; returns its instance's id. */
  async fire(job: BenchJob): Promise<string> {
    const jobId = await this.addJob(job);
    await this.quiet();
    const { items } = await listInstances(this.flaky.db, { jobId, page: 1, size: 1 });
    const id = items[0]?.id;
    if (id === undefined) throw new Error("the job has not fired");
    return id;
  }

  /** Adds a job as the API does, without waiting for it to fire. */
  async addJob(job: BenchJob): Promise<string> {
    const id = randomUUID();
    const now = this.clock.now();
    await insertJob(this.flaky.db, {
      id,
      name: `job-${id}`,
      description: "",
      status: "active",
      template: JSON.stringify({ ...this.#template(id, job), ...job.schedule }),
      scheduleRule: job.schedule?.scheduleRule ?? "immediate",
      nextExecutionAt: job.nextExecutionAt ?? now,
      createdAt: now,
      updatedAt: now,
      createdBy: "test",
    });
    this.bus.publish(workTopic, { kind: "job", jobId: id });
    return id;
  }

  /** Lets everything happen that is due now; time passes by a few ms, as long as reports gather. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 4; turn += 1) {
      await settle();
      await this.clock.advance(3);
    }
    await settle();
  }

  /** Lets time pass, and then everything happen. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.quiet();
  }

  /** Waits for something that needs time to pass, such as a commit under load. */
  async during<Result>(work: Promise<Result>): Promise<Result> {
    const settled = Promise.allSettled([work]);
    await this.quiet();
    await settled;
    return work;
  }

  async instance(id: string): Promise<InstanceRow> {
    const found = await findInstance(this.flaky.db, id);
    if (found === undefined) throw new Error(`no instance ${id}`);
    return found;
  }

  async groups(instanceId: string): Promise<GroupRow[]> {
    return listGroups(this.flaky.db, instanceId);
  }

  async runs(instanceId: string): Promise<readonly RunRow[]> {
    const { items } = await listRuns(this.flaky.db, { instanceId, page: 1, size: 1000 });
    return items;
  }

  /** The status of every run, in order of group and position. */
  async statuses(instanceId: string): Promise<RunStatus[]> {
    return (await this.runs(instanceId)).map((run) => run.status);
  }

  /** The run of a node in an instance. */
  async runOf(instanceId: string, position: number): Promise<RunRow> {
    const { nodeId } = this.agent(position);
    const run = (await this.runs(instanceId)).find((one) => one.nodeId === nodeId);
    if (run === undefined) throw new Error(`node ${position} has no run`);
    return run;
  }

  /** Lets a node's run end. */
  async finish(
    instanceId: string,
    position: number,
    status: Parameters<BenchAgent["finish"]>[1] = "success",
  ): Promise<void> {
    const run = await this.runOf(instanceId, position);
    await this.during(this.agent(position).finish(run.id, status));
  }

  async dispose(): Promise<void> {
    this.flaky.isAway = false;
    await this.scheduler.stop();
  }

  #newScheduler(): Scheduler {
    const { clock, bus } = this;
    const newId = (): string => randomUUID();
    return new Scheduler({ db: this.flaky.db, bus, clock, newId, log: this.#log });
  }

  /** The scheduler of the moment: an agent outlives a restart. */
  #reports(): ConstructorParameters<typeof BenchAgent>[0]["reports"] {
    return {
      connected: (hello, session) => this.scheduler.connected(hello, session),
      disconnected: (session) => this.scheduler.disconnected(session),
      reported: (nodeId, reports) => this.scheduler.reported(nodeId, reports),
    };
  }

  #template(name: string, job: BenchJob): ReturnType<typeof canonicaliseTemplate> {
    return canonicaliseTemplate({
      name,
      scheduleRule: "immediate",
      target: {
        executionType: job.executionType ?? "sequential",
        groups: job.groups.map(({ nodes, ...group }) => ({
          nodeListType: "nodes",
          nodeIdentifiers: nodes.map((position) => this.agent(position).nodeId),
          ...group,
        })),
      },
      actions: {
        steps: Array.from({ length: job.stepCount ?? 1 }, (_, index) => ({
          name: index === 0 ? "step" : `step ${index + 1}`,
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: [job.command ?? "true"] },
        })),
      },
    });
  }
}
