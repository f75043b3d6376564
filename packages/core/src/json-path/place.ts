/** A member's name or an element's index. */
export type Key = string | number;

/** A value, and where in the document it was found. */
export interface Place {
  readonly value: unknown;
  /** Undefined: the document itself. */
  readonly within: { readonly place: Place; readonly key: Key } | undefined;
}

/** The place of a member or element; the caller has seen that there is one. */
export function childOf(place: Place, key: Key): Place {
  return { value: Reflect.get(Object(place.value), key), within: { place, key } };
}

/** The names and indexes that lead to a place. */
export function keysOf(place: Place): readonly Key[] {
  const keys: Key[] = [];
  for (let { within } = place; within !== undefined; { within } = within.place) {
    keys.push(within.key);
  }
  return keys.toReversed();
}
