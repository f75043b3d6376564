import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../simulation/random.ts";
import type { Fleet } from "./survival-fleet.ts";
import type { Member } from "./survival-member.ts";
import {
  attemptProcess,
  attemptProcesses,
  signalProcess,
  stopProcess,
  type AttemptProcess,
} from "./step-processes.ts";
import { until } from "./until.ts";

/** Something that was killed. */
export type Kill =
  | { readonly kind: "server" | "agent"; readonly name: string }
  | { readonly kind: AttemptProcess["kind"]; readonly attempt: string };

const kinds = ["server", "agent", "wrapper", "script"] as const;
const pauseMsMax = 200;
const downMsMax = 600;

/** Kills with SIGKILL, one after the other at random moments, whatever is there, and starts what should run again. */
export class Killer {
  readonly kills: Kill[] = [];
  readonly #fleet: Fleet;
  readonly #random: Random;
  readonly #returns: Promise<void>[] = [];
  readonly #down = new Set<Member>();

  constructor(fleet: Fleet, random: Random) {
    this.#fleet = fleet;
    this.#random = random;
  }

  /** Kills that many. */
  async kill(count: number): Promise<void> {
    while (this.kills.length < count) await this.#killOne();
  }

  /** One more kill, after a random while, as soon as there is one of the kind whose turn it is. */
  async #killOne(): Promise<void> {
    const kind = this.#random.pick(kinds);
    await delay(this.#random.between(0, pauseMsMax));
    this.kills.push(await until(`a ${kind} that can be killed`, () => this.#tryKill(kind)));
  }

  /** Resolves when everything that was killed is back. */
  async allBack(): Promise<void> {
    await Promise.all(this.#returns);
  }

  #tryKill(kind: Kill["kind"]): Kill | undefined {
    switch (kind) {
      case "server":
        return this.#killMember(kind, { name: "server", member: this.#fleet.server });
      case "agent": {
        const { name, agent } = this.#random.pick(this.#fleet.nodes);
        return this.#killMember(kind, { name, member: agent });
      }
      case "wrapper":
      case "script":
        return this.#killAttemptProcess(kind);
    }
  }

  /** Whoever is being started just now is killed as well; whoever is down is left alone. */
  #killMember(
    kind: "server" | "agent",
    { name, member }: { readonly name: string; readonly member: Member },
  ): Kill | undefined {
    if (member.pid === undefined || this.#down.has(member)) return undefined;
    signalProcess(member.pid, "SIGKILL");
    this.#returns.push(this.#comeBack(member, this.#random.between(0, downMsMax)));
    return { kind, name };
  }

  async #comeBack(member: Member, downMs: number): Promise<void> {
    this.#down.add(member);
    await member.end("SIGKILL");
    await delay(downMs);
    this.#down.delete(member);
    member.start();
  }

  #killAttemptProcess(kind: AttemptProcess["kind"]): Kill | undefined {
    const candidates = attemptProcesses(this.#fleet.directory).filter(
      (process) => process.kind === kind,
    );
    if (candidates.length === 0) return undefined;
    const { pid } = this.#random.pick(candidates);
    // A wrapper carries one attempt after the other: it is stopped first, so that the attempt that is noted is the one
    // that it dies with.
    if (!stopProcess(pid)) return undefined;
    const stopped = attemptProcess(this.#fleet.directory, pid);
    if (stopped?.kind === kind && signalProcess(pid, "SIGKILL")) {
      return { kind, attempt: stopped.attempt };
    }
    signalProcess(pid, "SIGCONT");
    return undefined;
  }
}
