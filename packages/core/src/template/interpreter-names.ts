/** Runs shell scripts. */
export const shellInterpreterName = "chef-platform/shell-interpreter";

/** Reboots the node. */
export const restartInterpreterName = "chef-platform/restart-interpreter";

/** Runs playbooks. */
export const ansibleInterpreterName = "chef-platform/ansible-interpreter";

/** Runs compliance scans. */
export const inspecInterpreterName = "chef-platform/inspec-interpreter";

/** Drives Chef Infra Client. */
export const chefClientInterpreterName = "chef-platform/chef-client-interpreter";

const platformInterpreters: readonly string[] = [
  shellInterpreterName,
  restartInterpreterName,
  ansibleInterpreterName,
  inspecInterpreterName,
  chefClientInterpreterName,
];

/** Whether a step's interpreter is one that nodes have by their own configuration (semantics.md section 5, "custom"). */
export function isCustomInterpreter(name: string): boolean {
  return !platformInterpreters.includes(name);
}
