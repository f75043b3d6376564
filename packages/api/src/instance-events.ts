import { isInstanceFinal } from "@courier/core";
import { findInstance, type Db, type InstanceRow } from "@courier/store";
import { instanceDetail, instanceSpecs, type InstanceSpecs } from "./instance-json.ts";
import { readParts } from "./instance-parts.ts";
import type { LiveStream } from "./live-streams.ts";

/**
 * The events of one instance: its state at once, then after each change, and the end after its final state.
 * The reader pulls: while it is slow nothing is read, and what changed meanwhile becomes one event.
 */
export async function* instanceEvents(
  db: Db,
  live: LiveStream,
  first: InstanceRow,
): AsyncGenerator<string, void, void> {
  const specs = instanceSpecs(first);
  let sent = "";
  // Read after the subscription was made, so that no change falls between.
  let row = await findInstance(db, first.id);
  while (row !== undefined) {
    const event = await eventText(db, row, specs);
    if (event !== sent) yield event;
    sent = event;
    if (isInstanceFinal(row.status)) return;
    if ((await live.next()) === "silence" && live.isOpen) yield ": alive\n\n";
    if (!live.isOpen) return;
    row = await findInstance(db, first.id);
  }
}

async function eventText(db: Db, row: InstanceRow, specs: InstanceSpecs): Promise<string> {
  const parts = await readParts(db, row.id);
  return `event: instance\ndata: ${JSON.stringify(instanceDetail(row, specs, parts))}\n\n`;
}
