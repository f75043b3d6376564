/** Something that happens at a virtual time (ms). */
interface Timed<Event> {
  readonly at: number;
  readonly order: number;
  readonly event: Event;
}

/** Events by time; those of one time in the order in which they were added. A binary heap. */
export class EventQueue<Event> {
  readonly #heap: Timed<Event>[] = [];
  #added = 0;

  /** When the next event happens; undefined when there is none. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  add(at: number, event: Event): void {
    const timed = { at, order: this.#added, event };
    this.#added += 1;
    let index = this.#heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || isBefore(above, timed)) break;
      this.#heap[index] = above;
      index = parent;
    }
    this.#heap[index] = timed;
  }

  /** Takes the next event. */
  take(): Event | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#heap.length > 0) this.#sink(last);
    return first.event;
  }

  #sink(timed: Timed<Event>): void {
    const { length } = this.#heap;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = isChosen(this.#heap[left + 1], this.#heap[left]) ? left + 1 : left;
      const below = this.#heap[child];
      if (child >= length || below === undefined || isBefore(timed, below)) break;
      this.#heap[index] = below;
      index = child;
    }
    this.#heap[index] = timed;
  }
}

function isChosen<Event>(right: Timed<Event> | undefined, left: Timed<Event> | undefined): boolean {
  return right !== undefined && left !== undefined && isBefore(right, left);
}

function isBefore<Event>(a: Timed<Event>, b: Timed<Event>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
