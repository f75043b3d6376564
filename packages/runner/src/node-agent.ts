import { CourierError, assertNever, type Clock, type NodeSkill, type Service } from "@courier/core";
import { outputQuotaBytesDefault, type Ack, type Assign, type Stop } from "@courier/protocol";
import { agentVersion } from "./agent-version.ts";
import { readBootId } from "./host/boot-id.ts";
import { lockDataDir, type DataDirLock } from "./host/data-dir-lock.ts";
import { nodeAttributes, type ReportedAttributes } from "./host/node-attributes.ts";
import type { CustomInterpreterEntry } from "./interpreters/custom-interpreter.ts";
import { searchPathOf } from "./interpreters/find-executable.ts";
import { nodeInterpreters } from "./interpreters/node-interpreters.ts";
import { killGraceMsDefault, spoolBytesMaxDefault } from "./limits.ts";
import { silentLogger, type Logger } from "./logger.ts";
import type { NodePolicy } from "./policy/node-policy.ts";
import { openDesk } from "./run/open-desk.ts";
import type { RunDesk } from "./run/run-desk.ts";
import { Connector } from "./session/connector.ts";
import { enrollPersistently } from "./session/enroll-persistently.ts";
import {
  loadIdentity,
  loadOrCreateKey,
  publicKeyText,
  saveIdentity,
  type NodeIdentity,
} from "./session/identity.ts";

/** How to set up a node agent. */
export interface NodeAgentOptions {
  /** Base URL of the service, http(s). */
  readonly url: string;
  /** One more authority that the service's TLS certificate may come from, PEM text. */
  readonly caPem?: string;
  /** Owned by this agent alone while it runs. */
  readonly dataDir: string;
  /** Name to enrol under; later starts keep the name of the enrolment. */
  readonly name: string;
  /** Needed until the node is enrolled. */
  readonly enrollmentKey?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger?: Logger;
  readonly outputQuotaBytes?: number;
  readonly spoolBytesMax?: number;
  readonly maxConcurrentRuns?: number;
  readonly killGraceMs?: number;
  /** Whether steps may reboot this node; default no. */
  readonly allowRestart?: boolean;
  /** The program that reboots the machine; found on the PATH when it is left out. */
  readonly shutdownPath?: string;
  /** Identity of the operating system's boot; the real one when it is left out. */
  readonly bootId?: string;
  /** The cgroup in which steps with limits get theirs; the agent's own when it is left out. */
  readonly cgroupDirectory?: string;
  /** Executables that steps may use as interpreters, by the contract of README.md ("Custom interpreters"). */
  readonly customInterpreters?: readonly CustomInterpreterEntry[];
  /** What the node's owner allows; default everything. */
  readonly policy?: NodePolicy;
  /** What the agent itself was started with; steps see a few of these. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Called at the first welcome of the service. */
  readonly onReady?: (node: { readonly nodeId: string; readonly name: string }) => void;
  /** Called when the agent cannot go on: the service refused to admit it. */
  readonly onFatal?: (error: Error) => void;
}

interface Running {
  readonly lock: DataDirLock;
  readonly desk: RunDesk;
  readonly journalId: string;
  readonly attributes: ReportedAttributes;
  readonly skills: readonly NodeSkill[];
  readonly bootId: string;
}

/**
 * One node: executes what the service assigns and reports it. Stopping it leaves running steps running; the next
 * agent on the same data directory takes them over.
 */
export class NodeAgent implements Service {
  readonly #options: NodeAgentOptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #running: Running | undefined;
  #connector: Connector | undefined;
  #connecting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #isReady = false;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /** Resolves when the journal is read and open runs go on; enrolling and connecting follow in the background. */
  async start(): Promise<void> {
    if (this.#stopping.signal.aborted || this.#running !== undefined) return;
    const { dataDir, tags } = this.#options;
    const bootId = this.#options.bootId ?? (await readBootId());
    const locked = await lockDataDir(dataDir, bootId);
    if (!locked.ok) throw new CourierError("USAGE", locked.reason);
    try {
      const attributes = await nodeAttributes({ agentVersion, tags: tags ?? {} });
      const { desk, journalId, skills } = await this.#openDesk(bootId);
      this.#running = {
        lock: locked.lock,
        desk,
        journalId,
        attributes,
        skills: [{ name: "courier-runner", version: agentVersion }, ...skills],
        bootId,
      };
      await desk.start();
    } catch (error) {
      locked.lock.release();
      throw error;
    }
    this.#connecting = this.#enrollAndConnect(this.#running).catch((error: unknown) =>
      this.#fail(error),
    );
  }

  stop(reason: string): Promise<void> {
    this.#stopped ??= this.#shutDown(reason);
    return this.#stopped;
  }

  async #shutDown(reason: string): Promise<void> {
    this.#stopping.abort();
    await this.#connector?.stop(reason);
    await this.#connecting;
    await this.#running?.desk.stop();
    this.#running?.lock.release();
  }

  async #openDesk(bootId: string): Promise<{
    readonly desk: RunDesk;
    readonly journalId: string;
    readonly skills: readonly NodeSkill[];
  }> {
    const options = this.#options;
    const environment = options.environment ?? process.env;
    const interpreters = nodeInterpreters({
      searchPath: searchPathOf(environment["PATH"]),
      restart: { isAllowed: options.allowRestart ?? false, shutdownPath: options.shutdownPath },
      custom: options.customInterpreters ?? [],
      allowed: options.policy?.interpreters,
    });
    const { desk, journalId } = await openDesk({
      dataDir: options.dataDir,
      bootId,
      cgroupDirectory: options.cgroupDirectory,
      clock: options.clock,
      logger: this.#logger,
      interpreters,
      policy: options.policy,
      environment,
      maxConcurrentRuns: options.maxConcurrentRuns ?? 1,
      killGraceMs: options.killGraceMs ?? killGraceMsDefault,
      outputQuotaBytes: options.outputQuotaBytes ?? outputQuotaBytesDefault,
      spoolBytesMax: options.spoolBytesMax ?? spoolBytesMaxDefault,
      random: options.random,
    });
    return { desk, journalId, skills: interpreters.skills() };
  }

  async #enrollAndConnect(running: Running): Promise<void> {
    const identity = await this.#identity(running.attributes);
    if (identity === undefined || this.#stopping.signal.aborted) return;
    const { url, caPem, clock, random } = this.#options;
    this.#connector = new Connector({
      url,
      caPem,
      identity,
      clock,
      random,
      logger: this.#logger,
      events: {
        facts: () => ({
          agentVersion,
          bootId: running.bootId,
          journalId: running.journalId,
          maxConcurrentRuns: this.#options.maxConcurrentRuns ?? 1,
          attributes: running.attributes,
          skills: running.skills,
          runs: running.desk.journalledRuns(),
        }),
        established: (link) => {
          this.#announce(identity);
          running.desk.connected(link, { url, caPem, identity });
        },
        received: (message) => this.#receive(running.desk, message),
        lost: () => running.desk.disconnected(),
      },
    });
    await this.#connector.start();
  }

  async #identity(attributes: ReportedAttributes): Promise<NodeIdentity | undefined> {
    const { dataDir, url, caPem, name, enrollmentKey, clock, random } = this.#options;
    const privateKey = await loadOrCreateKey(dataDir);
    const known = loadIdentity(dataDir, privateKey);
    if (known !== undefined) return known;
    if (enrollmentKey === undefined || enrollmentKey === "") {
      throw new CourierError(
        "ENROLLMENT_KEY_INVALID",
        "this node is not enrolled yet: start it once with --enrollment-key",
      );
    }
    const publicKey = publicKeyText(privateKey);
    const { signal } = this.#stopping;
    const enrolled = await enrollPersistently(
      { url, caPem, key: enrollmentKey, name, publicKey, attributes, signal },
      { clock, random, logger: this.#logger },
    );
    return enrolled === undefined ? undefined : await saveIdentity(dataDir, enrolled, privateKey);
  }

  #announce({ nodeId, name }: NodeIdentity): void {
    this.#logger.info({ nodeId, name }, "connected");
    if (this.#isReady) return;
    this.#isReady = true;
    this.#options.onReady?.({ nodeId, name });
  }

  #receive(desk: RunDesk, message: Assign | Stop | Ack): void {
    switch (message.type) {
      case "assign":
        return desk.assign(message.runs);
      case "stop":
        return desk.stopRuns(message.runs);
      case "ack":
        return desk.acknowledge(message);
      default:
        return assertNever(message, "message");
    }
  }

  #fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#logger.error({ error: failure }, "the agent cannot go on");
    this.#options.onFatal?.(failure);
  }
}
