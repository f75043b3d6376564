import type { Clock } from "@courier/core";
import { killPollMs, killVerifyMs } from "../limits.ts";
import { wait } from "../wait.ts";
import type { ProcessEntry } from "./process-table.ts";
import { membersOf, processKey, type ProcessTree } from "./process-tree.ts";

/** How to end a tree. */
export interface EndTreeOptions {
  readonly clock: Clock;
  /** Time between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number;
}

/**
 * Ends everything in a tree: SIGTERM, grace, SIGKILL, and a look that nothing is left. Resolves with the pids that
 * survived even SIGKILL (stuck in the kernel), normally none. The wrapper is spared while others live, so that it
 * can write down the exit code; it ends by itself then.
 */
export async function endTree(
  tree: ProcessTree,
  { clock, graceMs }: EndTreeOptions,
): Promise<readonly number[]> {
  const look = rememberingLook(tree);
  if (await isGoneAfter(look, { clock, timeoutMs: graceMs, act: terminateOnce(tree) })) return [];
  const rounds = killHard(tree);
  if (await isGoneAfter(look, { clock, timeoutMs: killVerifyMs, act: rounds })) return [];
  return (await look()).map((entry) => entry.pid);
}

type Look = () => Promise<readonly ProcessEntry[]>;
type Act = (members: readonly ProcessEntry[]) => void;

/** SIGTERM ends parents before children that ignore it: what was seen once is looked for until it is gone. */
function rememberingLook(tree: ProcessTree): Look {
  const known = new Set<string>();
  return async () => {
    const members = await membersOf(tree, known);
    for (const entry of members) known.add(processKey(entry));
    return members;
  };
}

async function isGoneAfter(
  look: Look,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly act: Act },
): Promise<boolean> {
  const endsAt = options.clock.monotonicMs() + options.timeoutMs;
  for (;;) {
    const members = await look();
    if (members.length === 0) return true;
    options.act(members);
    if (options.clock.monotonicMs() >= endsAt) return false;
    await wait(options.clock, killPollMs);
  }
}

/** Tells each process once. SIGCONT, because a stopped process does not act on SIGTERM. */
function terminateOnce(tree: ProcessTree): Act {
  const told = new Set<string>();
  return (members) => {
    for (const entry of members) {
      const key = processKey(entry);
      if (entry.pid === tree.root?.pid || told.has(key)) continue;
      told.add(key);
      sendSignal(entry.pid, "SIGTERM");
      sendSignal(entry.pid, "SIGCONT");
    }
  };
}

/** One by one first; a tree that grows faster than that (a fork bomb) loses its whole group at once, wrapper included. */
function killHard(tree: ProcessTree): Act {
  let round = 0;
  return (members) => {
    round += 1;
    const spared = round <= 5 ? tree.root?.pid : undefined;
    const leader = tree.step ?? tree.root;
    if (spared === undefined && leader !== undefined) {
      if (members.some((entry) => entry.groupId === leader.pid)) {
        sendSignal(-leader.pid, "SIGKILL");
      }
    }
    for (const entry of members) if (entry.pid !== spared) sendSignal(entry.pid, "SIGKILL");
  };
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal, which is what was wanted; one that may not be signalled is seen as a survivor.
  }
}
