import {
  hasEnvironment,
  listProcesses,
  pidsWithEnvironment,
  type ProcessEntry,
} from "./process-table.ts";

/** A process, told from a later one with the same pid. */
interface Leader {
  readonly pid: number;
  readonly startTime: string;
}

/** How to recognise everything that one attempt has started. */
export interface ProcessTree {
  /** The wrapper: leader of the attempt's session and process group. Undefined when it never told. */
  readonly root: Leader | undefined;
  /** The wrapper's session has had other attempts before. */
  readonly isSessionShared: boolean;
  /** Where the session is shared: the leader of the attempt's own process group. Undefined before it is started. */
  readonly step: Leader | undefined;
  /** `NAME=value` in the environment of everything that the attempt starts; finds daemons that left the session. */
  readonly cookie: string;
}

/**
 * The living processes of a tree, the wrapper included: its session and group, all descendants of these, and
 * everything with the cookie. A pid that was given to somebody else meanwhile is not taken for ours. What is `known`
 * (keys by `processKey`) belongs to it for as long as it lives: its parent may have ended meanwhile.
 */
export async function membersOf(
  tree: ProcessTree,
  known: ReadonlySet<string> = new Set(),
): Promise<readonly ProcessEntry[]> {
  const processes = (await listProcesses()).filter((entry) => !entry.isZombie);
  const marked = await pidsWithEnvironment(tree.cookie);
  const members = new Map<number, ProcessEntry>();
  for (const entry of processes) {
    const isOurs = marked.has(entry.pid) || known.has(processKey(entry));
    if (isOurs || isInSession(entry, tree, processes)) members.set(entry.pid, entry);
  }
  addDescendants(members, processes);
  return [...members.values()].filter((entry) => entry.pid !== process.pid);
}

/** Tells a process from a later one with the same pid. */
export function processKey({ pid, startTime }: ProcessEntry): string {
  return `${pid} ${startTime}`;
}

function isInSession(
  entry: ProcessEntry,
  tree: ProcessTree,
  processes: readonly ProcessEntry[],
): boolean {
  const { root, step, isSessionShared } = tree;
  if (!isSessionShared) {
    return isLedBy(entry, root, processes) || isSessionOf(entry, root, processes);
  }
  if (entry.pid === root?.pid) return entry.startTime === root.startTime;
  if (step === undefined) return false;
  if (isLedBy(entry, step, processes)) return true;
  return isSessionOf(entry, root, processes) && isOfAttempt(entry, { step, cookie: tree.cookie });
}

/** A shared session may hold what an earlier attempt left: that is older, or says itself whose it is. */
function isOfAttempt(
  entry: ProcessEntry,
  { step, cookie }: { readonly step: Leader; readonly cookie: string },
): boolean {
  if (isOlder(entry, step)) return false;
  const name = `${cookie.slice(0, cookie.indexOf("="))}=`;
  return !hasEnvironment(entry.pid, name) || hasEnvironment(entry.pid, cookie);
}

/** Start times are ticks, of 10 ms on most machines: within one, pids tell the order. */
function isOlder(entry: ProcessEntry, step: Leader): boolean {
  const ticks = Number(entry.startTime) - Number(step.startTime);
  return ticks === 0 ? entry.pid < step.pid : ticks < 0;
}

function isLedBy(
  entry: ProcessEntry,
  leader: Leader | undefined,
  processes: readonly ProcessEntry[],
): boolean {
  return entry.groupId === leader?.pid && isStill(leader, processes);
}

function isSessionOf(
  entry: ProcessEntry,
  leader: Leader | undefined,
  processes: readonly ProcessEntry[],
): boolean {
  return entry.sessionId === leader?.pid && isStill(leader, processes);
}

/** A leader with another start time means that its number, and so its group's or session's, belongs to somebody else. */
function isStill(leader: Leader, processes: readonly ProcessEntry[]): boolean {
  const now = processes.find((candidate) => candidate.pid === leader.pid);
  return now === undefined || now.startTime === leader.startTime;
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
