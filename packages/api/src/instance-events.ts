import { isInstanceFinal, type Clock } from "@courier/core";
import { findInstance, type Db, type InstanceRow } from "@courier/store";
import type { LiveExplanation } from "./explanation/live-explanation.ts";
import { instanceDetail, instanceSpecs, type InstanceSpecs } from "./instance-json.ts";
import { readParts } from "./instance-parts.ts";
import { streamHeartbeatMs } from "./limits.ts";
import type { LiveStream } from "./live-streams.ts";
import type { RunChanges } from "./run-changes.ts";
import { runDetail } from "./run-json.ts";

/** What a stream of one instance is made from. */
export interface InstanceEventSource {
  readonly db: Db;
  readonly clock: Clock;
  readonly live: LiveStream;
  readonly first: InstanceRow;
  /** Present when the reader wants to know of runs. */
  readonly runs: RunChanges | undefined;
  /** Present when the reader wants to know what it waits for. */
  readonly explanation: LiveExplanation | undefined;
}

/**
 * The events of one instance: its state at once, then after each change, and the end after its final state.
 * The reader pulls: while it is slow nothing is read, and what changed meanwhile becomes one event. Runs come before the state
 * that they led to, so that the final state is the last event.
 */
export async function* instanceEvents(
  source: InstanceEventSource,
): AsyncGenerator<string, void, void> {
  const { db, live, first, explanation } = source;
  const specs = instanceSpecs(first);
  let sent = "";
  // Read after the subscription was made, so that no change falls between.
  let row = await findInstance(db, first.id);
  while (row !== undefined) {
    const isFinal = isInstanceFinal(row.status);
    let hasRuns = false;
    for await (const runs of source.runs?.read(db, first.id) ?? []) {
      hasRuns = true;
      yield eventText("runs", runs.map(runDetail));
    }
    const explained = await explanation?.next(isFinal);
    if (explained !== undefined) yield eventText("explanation", explained);
    const event = await instanceText(db, row, specs);
    if (hasRuns || event !== sent) yield event;
    sent = event;
    if (isFinal) return;
    const longestMs = Math.min(streamHeartbeatMs, explanation?.dueInMs() ?? streamHeartbeatMs);
    if ((await live.next(longestMs)) === "silence" && live.isOpen) yield ": alive\n\n";
    if (!live.isOpen) return;
    row = await findInstance(db, first.id);
  }
}

async function instanceText(db: Db, row: InstanceRow, specs: InstanceSpecs): Promise<string> {
  return eventText("instance", instanceDetail(row, specs, await readParts(db, row.id)));
}

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
