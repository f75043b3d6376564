import type { CanonicalStep } from "@courier/schema";
import type { ErrorDetail } from "../courier-error.ts";
import { ansibleInterpreterName } from "./interpreter-names.ts";
import { playbookSource } from "./playbook-source.ts";

/** Playbooks that no node could get, as far as that is known before the steps' variables are. */
export function findPlaybookMistakes(steps: readonly CanonicalStep[]): readonly ErrorDetail[] {
  return steps.flatMap((step, index) => {
    const source = playbookSource(playbookOf(step).replaceAll(/\{\{.*?\}\}/g, "x"));
    if (source.kind !== "refused") return [];
    return [{ pointer: `/actions/steps/${index}/command/args/playbook`, message: source.reason }];
  });
}

function playbookOf({ interpreter, command }: CanonicalStep): string {
  if (interpreter.name !== ansibleInterpreterName) return "";
  const { args } = command;
  if (typeof args !== "object" || args === null || !("playbook" in args)) return "";
  return String(args.playbook);
}
