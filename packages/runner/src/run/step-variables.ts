import {
  mask,
  resolveStep,
  secretTexts,
  substitute,
  type ResolvedStep,
  type Values,
} from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import { secretsBytesMax } from "../limits.ts";
import { SecretMask } from "../redact/redactor.ts";
import { isMaskable } from "../redact/secret-patterns.ts";
import { producesSecrets } from "./produce-values.ts";
import type { RunState } from "./run-state.ts";

/** How the output of an attempt is masked. */
export interface Masking {
  readonly secrets: SecretMask;
  /** Whether nothing may be sent before the attempt has ended: it may write a secret that is not known yet. */
  readonly isHeldBack: boolean;
}

/**
 * The variables of one step of a run, and what of them must not be seen. Follows from the journal alone, so that a restarted agent
 * has the same.
 */
export class StepVariables {
  readonly resolved: ResolvedStep;
  readonly #step: CanonicalStep;
  readonly #secrets: readonly string[];
  #mask: SecretMask | undefined;

  constructor(state: RunState, step: CanonicalStep) {
    this.#step = step;
    this.resolved = resolveStep(step, state.values, state.lostValues);
    this.#secrets = [
      ...(state.assignment?.steps ?? []).flatMap(writtenSecrets),
      ...secretTexts(state.values),
      ...state.secrets,
      ...(this.resolved.kind === "run" ? this.resolved.secrets : []),
    ];
  }

  /** Undefined for a step that has nothing to do with secrets: its output leaves the node as it is. */
  get masking(): Masking | undefined {
    const isHeldBack = producesSecrets(this.#step);
    if (!isHeldBack && this.#secrets.length === 0) return undefined;
    return { secrets: this.secretMask(), isHeldBack };
  }

  /** Masks everything sensitive that the run knows, and what the step itself has produced. */
  secretMask(produced: Values = {}): SecretMask {
    const added = secretTexts(produced);
    if (added.length > 0) return new SecretMask([...this.#secrets, ...added]);
    this.#mask ??= new SecretMask(this.#secrets);
    return this.#mask;
  }

  /** What list-steps shows of the step's inputs. */
  get shownInputs(): string {
    return this.maskShown(this.resolved.shownInputs);
  }

  /** Masks the values of a JSON object. */
  maskShown(shown: string, produced: Values = {}): string {
    if (shown === "" || this.#secrets.length === 0) return shown;
    const secrets = this.secretMask(produced);
    return JSON.stringify(JSON.parse(shown), (_name, value: unknown) =>
      typeof value === "string" ? secrets.maskText(value) : value,
    );
  }

  /** Why the secrets of the run, with those that the step produced, are too much to be masked; undefined when they are not. */
  tooMuch(produced: Values = {}): string | undefined {
    const distinct = new Set([...this.#secrets, ...secretTexts(produced)]);
    const bytes = [...distinct].reduce((sum, secret) => sum + Buffer.byteLength(secret), 0);
    if (bytes <= secretsBytesMax) return undefined;
    return `the run's sensitive values have ${bytes} bytes together, at most ${secretsBytesMax} can be masked`;
  }

  /** What a person has to know about values that are too short to be masked within a text. */
  notes(produced: Values): readonly string[] {
    const own = this.resolved.kind === "run" ? this.resolved.secrets : [];
    const hasShort = [...own, ...secretTexts(produced)].some(
      (secret) => secret.trim() !== "" && !isMaskable(secret),
    );
    return hasShort ? [shortNote] : [];
  }
}

const shortNote = `a sensitive value is too short to be masked within the output; where it is shown by name it is ${mask}`;

/** Whether the journal holds sensitive values of a run. */
export function knowsSecrets({ assignment, values, secrets }: RunState): boolean {
  const written = assignment?.steps.flatMap(writtenSecrets) ?? [];
  return secrets.length + written.length + secretTexts(values).length > 0;
}

/** What the template itself holds: later and earlier steps may write it too. */
export function writtenSecrets({ expectedInputs, inputs }: CanonicalStep): readonly string[] {
  return Object.entries(expectedInputs).flatMap(([name, input]) => {
    if (!input.sensitive) return [];
    const own = Object.hasOwn(inputs, name) ? substitute(String(inputs[name]), nothing) : undefined;
    const given = own?.ok === true ? [own.text] : [];
    return [...given, input.default].filter((text) => text !== "");
  });
}

function nothing(): undefined {
  return undefined;
}
