import { listProcesses, pidsWithEnvironment, type ProcessEntry } from "./process-table.ts";

/** How to recognise everything that one attempt has started. */
export interface ProcessTree {
  /** The wrapper: leader of the attempt's session and process group. Undefined when it never told. */
  readonly root: { readonly pid: number; readonly startTime: string } | undefined;
  /** `NAME=value` in the environment of everything that the attempt starts; finds daemons that left the session. */
  readonly cookie: string;
}

/**
 * The living processes of a tree, the wrapper included: its session and group, all descendants of these, and
 * everything with the cookie. A pid that was given to somebody else meanwhile is not taken for ours.
 */
export async function membersOf(tree: ProcessTree): Promise<readonly ProcessEntry[]> {
  const processes = (await listProcesses()).filter((entry) => !entry.isZombie);
  const marked = await pidsWithEnvironment(tree.cookie);
  const members = new Map<number, ProcessEntry>();
  for (const entry of processes) {
    if (marked.has(entry.pid) || isInSession(entry, tree, processes)) members.set(entry.pid, entry);
  }
  addDescendants(members, processes);
  return [...members.values()].filter((entry) => entry.pid !== process.pid);
}

/** A leader with another start time means that the wrapper's number, and so its session's, belongs to somebody else. */
function isInSession(
  entry: ProcessEntry,
  { root }: ProcessTree,
  processes: readonly ProcessEntry[],
): boolean {
  if (root === undefined) return false;
  if (entry.groupId !== root.pid && entry.sessionId !== root.pid) return false;
  const leader = processes.find((candidate) => candidate.pid === root.pid);
  return leader === undefined || leader.startTime === root.startTime;
}

function addDescendants(
  members: Map<number, ProcessEntry>,
  processes: readonly ProcessEntry[],
): void {
  let sizeBefore: number;
  do {
    sizeBefore = members.size;
    for (const entry of processes) {
      if (members.has(entry.parentPid)) members.set(entry.pid, entry);
    }
  } while (members.size > sizeBefore);
}
