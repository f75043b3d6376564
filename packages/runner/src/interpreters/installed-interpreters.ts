import type { CanonicalStep } from "@courier/schema";
import { isVersionWithin } from "@courier/core";
import type { OutputStream } from "@courier/protocol";
import type { Installation, Interpreter, StepProcess } from "./interpreter.ts";

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

  constructor(interpreters: readonly Interpreter[]) {
    this.#interpreters = new Map(interpreters.map((entry) => [entry.name, entry]));
  }

  /** The interpreters that this node has now, with their versions. */
  skills(): Skill[] {
    return [...this.#interpreters.values()]
      .filter((entry) => entry.refusal === undefined && entry.locate() !== undefined)
      .map(({ name, version }) => ({ name, version }));
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

  #unknown(name: string): string {
    const known = this.skills().map((skill) => `"${skill.name}"`);
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
