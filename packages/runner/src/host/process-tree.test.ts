import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { startTimeOf } from "./process-table.ts";
import { membersOf } from "./process-tree.ts";

/** A session whose leader starts two processes one right after the other, neither its child. */
async function startSession(): Promise<{
  readonly root: number;
  readonly first: number;
  readonly second: number;
}> {
  const script =
    "set -m; echo $(env -i sleep 300 >/dev/null & echo $!) $(env -i sleep 300 >/dev/null & echo $!); sleep 300";
  const shell = spawn("bash", ["-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(shell.stdout, "data");
  const [first = 0, second = 0] = String(line).split(" ").map(Number);
  onTestFinished(() => {
    for (const pid of [first, second, shell.pid ?? 0]) process.kill(pid, "SIGKILL");
  });
  return { root: shell.pid ?? 0, first, second };
}

it.runIf(process.platform === "linux")(
  "leaves what an earlier step left in the same tick of the clock",
  async () => {
    const { root, first, second } = await startSession();
    // That of the second, when they are of one tick, which they nearly always are.
    const startTime = (await startTimeOf(first)) ?? "";
    const rootStart = (await startTimeOf(root)) ?? "";
    const cookie = "COURIER_COOKIE=of-nobody";
    const leaders = { root: { pid: root, startTime: rootStart }, step: { pid: second, startTime } };

    const members = await membersOf({ ...leaders, isSessionShared: true, cookie });

    const pids = members.map((entry) => entry.pid).filter((pid) => pid !== root);
    expect({ pids, first }).toEqual({ pids: [second], first });
  },
);
