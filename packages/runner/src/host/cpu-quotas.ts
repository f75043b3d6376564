import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findOwnCgroup } from "./own-cgroup.ts";

/** A processor quota for one attempt. */
export type CpuQuota =
  /** Puts a process, and with it everything that it starts, under the quota; why that failed, or undefined. */
  | { readonly kind: "ready"; admit(pid: number): string | undefined }
  /** This machine or this agent's rights allow none; the reason is the end of a sentence. */
  | { readonly kind: "refused"; readonly reason: string };

const prefix = "courier-step-";
const agentGroup = "courier-agent";
const periodMicroseconds = 100_000;

/** The kernel takes no smaller quota. */
const quotaMicrosecondsMin = 1000;

/** Sets processor quotas through cgroup v2, where the agent may: as root, or in a cgroup that was delegated to it. */
export class CpuQuotas {
  /** Undefined where there is no cgroup v2. */
  readonly #directory: string | undefined;
  #problem: string | undefined;
  #isReady = false;

  /** `directory`: the cgroup in which the steps get theirs; the agent's own when it is left out. */
  constructor(directory: string | undefined = findOwnCgroup()) {
    this.#directory = directory;
  }

  /** Why no quota can be set here; undefined when one can. Tried once. */
  get problem(): string | undefined {
    if (!this.#isReady) {
      this.#problem = this.#open();
      this.#isReady = true;
    }
    return this.#problem;
  }

  /** A quota of `cores` processors' time under a name of its own. */
  create(name: string, cores: number): CpuQuota {
    const { problem } = this;
    if (problem !== undefined || this.#directory === undefined) {
      return { kind: "refused", reason: problem ?? noCgroup };
    }
    const group = join(this.#directory, `${prefix}${name}`);
    try {
      mkdirSync(group, { recursive: true });
      const quota = Math.max(quotaMicrosecondsMin, Math.round(cores * periodMicroseconds));
      writeFileSync(join(group, "cpu.max"), `${quota} ${periodMicroseconds}`);
    } catch (error) {
      return { kind: "refused", reason: messageOf(error) };
    }
    return { kind: "ready", admit: (pid) => tried(() => enter(group, pid)) };
  }

  /** After the attempt's end. Processes that it left alive keep their quota, and with them it stays. */
  remove(name: string): void {
    if (this.#directory !== undefined) removeGroup(join(this.#directory, `${prefix}${name}`));
  }

  #open(): string | undefined {
    const directory = this.#directory;
    if (directory === undefined) return noCgroup;
    return tried(() => {
      if (!words(join(directory, "cgroup.controllers")).includes("cpu")) {
        throw new Error(`cgroup ${directory} has no cpu controller`);
      }
      enableController(directory);
      for (const name of readdirSync(directory)) {
        if (name.startsWith(prefix)) removeGroup(join(directory, name));
      }
    });
  }
}

const noCgroup = "there is no cgroup v2";

/** But for the root, a cgroup that gives controllers to others may have no processes itself: the agent moves aside. */
function enableController(directory: string): void {
  const control = join(directory, "cgroup.subtree_control");
  if (words(control).includes("cpu")) return;
  try {
    writeFileSync(control, "+cpu");
  } catch {
    // It has processes: this one is enough where the cgroup was delegated to the agent; else it fails again and says why.
    const aside = join(directory, agentGroup);
    mkdirSync(aside, { recursive: true });
    enter(aside, process.pid);
    writeFileSync(control, "+cpu");
  }
}

function enter(group: string, pid: number): void {
  writeFileSync(join(group, "cgroup.procs"), `${pid}`);
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Not there, or something in it still lives.
  }
}

function words(path: string): readonly string[] {
  return readFileSync(path, "utf8").trim().split(/\s+/);
}

function tried(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
