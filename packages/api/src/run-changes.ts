import type { InstanceMoved } from "@courier/protocol";
import { findRuns, listMovedRuns, type Db, type FoundRun, type RunPlace } from "@courier/store";
import { runChangesMax, runsPerEvent } from "./limits.ts";

/**
 * Which runs of an instance have another status since the last look. Remembers ids as they are announced; when there are too
 * many of them, and in the beginning, it is all runs. A run may be told more than once, but none is left out.
 */
export class RunChanges {
  readonly #ids = new Set<string>();
  #isAll = true;

  /** Takes in what was published on the instance's topic. */
  note(message: unknown): void {
    // Published by the scheduler of this version only.
    const { runIds, isBulk } = message as InstanceMoved;
    for (const id of runIds) this.#ids.add(id);
    if (isBulk || this.#ids.size > runChangesMax) this.#isAll = true;
    if (this.#isAll) this.#ids.clear();
  }

  /** The runs as they are now, page by page; what is announced meanwhile is for the next look. */
  async *read(db: Db, instanceId: string): AsyncGenerator<readonly FoundRun[], void, void> {
    const isAll = this.#isAll;
    const ids = [...this.#ids];
    this.#isAll = false;
    this.#ids.clear();
    if (isAll) yield* readAll(db, instanceId);
    for (let start = 0; start < ids.length; start += runsPerEvent) {
      yield await findRuns(db, ids.slice(start, start + runsPerEvent));
    }
  }
}

async function* readAll(
  db: Db,
  instanceId: string,
): AsyncGenerator<readonly FoundRun[], void, void> {
  let after: RunPlace | undefined;
  for (;;) {
    const place = after === undefined ? {} : { after };
    const page = await listMovedRuns(db, { instanceId, ...place, limit: runsPerEvent });
    if (page.length > 0) yield page;
    if (page.length < runsPerEvent) return;
    after = page.at(-1);
  }
}
