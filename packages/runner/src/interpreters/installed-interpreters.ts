import { basename } from "node:path";
import type { CanonicalStep } from "@courier/schema";
import { isVersionWithin } from "@courier/core";
import type { OutputStream } from "@courier/protocol";
import type { Installation, Interpreter, StepProcess } from "./interpreter.ts";
import { ToolVersions } from "./tool-versions.ts";

/** Something that this node can do. */
export interface Skill {
  readonly name: string;
  readonly version: string;
}

/** What a step executes and with which interpreter, or why not. */
export type InterpreterChoice =
  | { readonly ok: true; readonly process: StepProcess; readonly installation: Installation }
  | { readonly ok: false; readonly reason: string };

/** The interpreters of one node. */
export class InstalledInterpreters {
  readonly #interpreters: ReadonlyMap<string, Interpreter>;
  readonly #toolVersions = new ToolVersions();

  constructor(interpreters: readonly Interpreter[]) {
    this.#interpreters = new Map(interpreters.map((entry) => [entry.name, entry]));
  }

  /** What this node has now: each installed interpreter, and each tool under its own name and version (`bash`, `5.2.15`). */
  async skills(): Promise<readonly Skill[]> {
    const tools = await Promise.all(
      [...this.#interpreters.values()].map(async (entry) => await this.#toolSkill(entry)),
    );
    return [...this.own(), ...tools.filter((skill) => skill !== undefined)].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }

  /** Where an interpreter is and its version, for a report; empty texts when it is not (any more) there. */
  installationOf(name: string): Installation {
    const interpreter = this.#interpreters.get(name);
    const path = interpreter?.locate();
    if (interpreter === undefined || path === undefined) return { path: "", version: "" };
    return { path, version: interpreter.version };
  }

  /** Why a failed attempt says that it failed; reads what it wrote only when the interpreter has a say in that. */
  explainFailure(name: string, read: (stream: OutputStream) => string): string | undefined {
    return this.#interpreters.get(name)?.explainFailure?.(read);
  }

  /** Checks installation, version and command of a step (semantics.md section 5, "Before a step starts"). */
  choose(step: CanonicalStep): InterpreterChoice {
    const { name, skill } = step.interpreter;
    const interpreter = this.#interpreters.get(name);
    if (interpreter === undefined) return { ok: false, reason: this.#unknown(name) };
    const { version, tool, refusal } = interpreter;
    if (refusal !== undefined) return { ok: false, reason: refusal };
    if (!isVersionWithin(version, skill)) {
      return { ok: false, reason: outside(name, version, skill) };
    }
    const path = interpreter.locate();
    if (path === undefined) {
      const reason = `interpreter "${name}" is not installed: there is no ${tool} on this node`;
      return { ok: false, reason };
    }
    const choice = interpreter.processOf(step, path);
    return choice.ok ? { ...choice, installation: { path, version } } : choice;
  }

  own(): Skill[] {
    return [...this.#interpreters.values()]
      .filter((entry) => entry.refusal === undefined && entry.locate() !== undefined)
      .map(({ name, version }) => ({ name, version }));
  }

  async #toolSkill(interpreter: Interpreter): Promise<Skill | undefined> {
    const { versionFlag } = interpreter;
    const path = interpreter.locate();
    if (versionFlag === undefined || path === undefined) return undefined;
    const version = await this.#toolVersions.versionOf(path, versionFlag);
    return version === undefined ? undefined : { name: basename(path, ".exe"), version };
  }

  #unknown(name: string): string {
    const known = this.own().map((skill) => `"${skill.name}"`);
    return `interpreter "${name}" is not installed on this node; it has ${known.join(", ")}`;
  }
}

function outside(
  name: string,
  version: string,
  range: { readonly minVersion: string; readonly maxVersion: string },
): string {
  const from = range.minVersion === "" ? "any" : range.minVersion;
  const to = range.maxVersion === "" ? "any" : range.maxVersion;
  return `version ${version} of interpreter "${name}" is outside of [${from}, ${to}]`;
}
