import { realpathSync, statSync } from "node:fs";
import type { CanonicalStep } from "@courier/schema";
import { isVersionWithin } from "../step/version-range.ts";
import type { Installation, Interpreter, StepProcess } from "./interpreter.ts";

/** An interpreter that this node has. */
export interface Skill {
  readonly name: string;
  readonly version: string;
}

/** What a step executes and with which interpreter, or why not. */
export type InterpreterChoice =
  | { readonly ok: true; readonly process: StepProcess; readonly installation: Installation }
  | { readonly ok: false; readonly reason: string };

/** The interpreters of one node. Versions are asked for once per installed file, because asking executes it. */
export class InstalledInterpreters {
  readonly #interpreters: ReadonlyMap<string, Interpreter>;
  readonly #versions = new Map<string, Promise<string>>();

  constructor(interpreters: readonly Interpreter[]) {
    this.#interpreters = new Map(interpreters.map((entry) => [entry.name, entry]));
  }

  /** What this node has now, by name. One whose tool does not tell its version is left out. */
  async skills(): Promise<readonly Skill[]> {
    const names = [...this.#interpreters.keys()].toSorted();
    const found = await Promise.all(names.map(async (name) => await this.#skill(name)));
    return found.filter((skill) => skill !== undefined);
  }

  /** Where an interpreter is and its version, for a report; empty texts when it is not (any more) there. */
  async installationOf(name: string): Promise<Installation> {
    const found = await this.#detect(this.#interpreters.get(name)).catch(() => undefined);
    return found ?? { path: "", version: "" };
  }

  /** Why a failed attempt says that it failed; reads its stdout only when the interpreter has a say in that. */
  explainFailure(name: string, readStdout: () => string): string | undefined {
    const interpreter = this.#interpreters.get(name);
    return interpreter?.explainFailure?.(readStdout());
  }

  /** Checks installation, version and command of a step (semantics.md section 5, "Before a step starts"). */
  async choose(step: CanonicalStep): Promise<InterpreterChoice> {
    const { name, skill } = step.interpreter;
    const interpreter = this.#interpreters.get(name);
    if (interpreter === undefined) return { ok: false, reason: await this.#missing(name) };
    try {
      const installation = await this.#detect(interpreter);
      if (installation === undefined) {
        const reason = `interpreter "${name}" is not installed: there is no ${interpreter.tool} on this node`;
        return { ok: false, reason };
      }
      if (!isVersionWithin(installation.version, skill)) {
        return { ok: false, reason: outside(name, installation.version, skill) };
      }
      const choice = interpreter.processOf(step, installation.path);
      return choice.ok ? { ...choice, installation } : choice;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, reason: `interpreter "${name}" cannot be used: ${message}` };
    }
  }

  async #skill(name: string): Promise<Skill | undefined> {
    const { version } = await this.installationOf(name);
    return version === "" ? undefined : { name, version };
  }

  async #missing(name: string): Promise<string> {
    const known = (await this.skills()).map((skill) => `"${skill.name}"`).join(", ");
    return `interpreter "${name}" is not installed on this node; it has ${known}`;
  }

  async #detect(interpreter: Interpreter | undefined): Promise<Installation | undefined> {
    const path = interpreter?.locate();
    if (interpreter === undefined || path === undefined) return undefined;
    return { path, version: await this.#version(interpreter, path) };
  }

  async #version(interpreter: Interpreter, path: string): Promise<string> {
    const key = `${interpreter.name} ${fileIdentity(path)}`;
    const asked = this.#versions.get(key) ?? interpreter.versionOf(path);
    this.#versions.set(key, asked);
    try {
      return await asked;
    } catch (error) {
      this.#versions.delete(key);
      throw error;
    }
  }
}

/** Changes when a file is replaced, as an upgrade does. */
function fileIdentity(path: string): string {
  const real = realpathSync(path);
  const { mtimeMs, size, ino } = statSync(real);
  return `${real} ${mtimeMs} ${size} ${ino}`;
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
