import type { OutputStream } from "@courier/protocol";
import type { CanonicalStep } from "@courier/schema";

/** What one attempt of a step executes. */
export interface StepProcess {
  /** Program and arguments, executed as they are, without a shell in between. */
  argv(runDirectory: string): readonly string[];
  /** Written into the run directory before the start. One named `stdin` becomes the process's standard input. */
  readonly files: Readonly<Record<string, string>>;
  /** Beside the variables that every step has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it gets from elsewhere before anything else, for people: a URL without what may be a signature. */
  readonly fetches?: string;
}

/** A process, or why the step cannot be executed on this node: then nothing is started. */
export type ProcessChoice =
  | { readonly ok: true; readonly process: StepProcess }
  | { readonly ok: false; readonly reason: string };

/** One step interpreter of this node (semantics.md section 5, "Interpreters"). */
export interface Interpreter {
  /** As templates name it. */
  readonly name: string;
  /** The interpreter's own, which templates' `minVersion`/`maxVersion` are compared with; not that of its tool. */
  readonly version: string;
  /** What executes its steps, for people: `ansible-playbook`. */
  readonly tool: string;
  /** Path of the tool, looked up anew each time (an earlier step may have installed it); undefined when there is none. */
  locate(): string | undefined;
  /** Why this node executes none of its steps, whatever is installed; such an interpreter is no skill. */
  readonly refusal?: string;
  /** Checks the step's command and says what to execute. */
  processOf(step: CanonicalStep, path: string): ProcessChoice;
  /** Why an attempt failed, from what it wrote; undefined when that does not say. */
  explainFailure?(read: (stream: OutputStream) => string): string | undefined;
}

/** An interpreter as it was found on this node. */
export interface Installation {
  readonly path: string;
  readonly version: string;
}

/** Version of the platform's interpreters, in the numbering of the original's: published jobs ask for 1.0.0 to 1.9.99. */
export const platformInterpreterVersion = "1.0.0";
