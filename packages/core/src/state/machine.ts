/** Outcome of asking a state machine for a transition. A rejection is an expected outcome (a lost race), never thrown. */
export type Transition<State> =
  | { readonly ok: true; readonly state: State }
  | { readonly ok: false; readonly reason: string };

/** A total table: every state names the events it accepts and where they lead. A state without events is terminal. */
export type TransitionTable<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

/** Looks up one transition; unknown pairs are rejected with a sentence that names state and event. */
export function step<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
  state: State,
  event: Event,
): Transition<State> {
  const next = table[state][event];
  if (next === undefined) return { ok: false, reason: `${state} does not accept ${event}` };
  return { ok: true, state: next };
}

/** The states that lead nowhere. */
export function terminalStates<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
): State[] {
  return statesOf(table).filter((state) => Object.keys(table[state]).length === 0);
}

/** The states from which `event` is accepted: what an UPDATE names in its WHERE clause. */
export function sourcesOf<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
  event: Event,
): State[] {
  return statesOf(table).filter((state) => table[state][event] !== undefined);
}

/** All states, in the table's order. */
export function statesOf<State extends string, Event extends string>(
  table: TransitionTable<State, Event>,
): State[] {
  // Object.keys widens to string[]; the table's type guarantees that its keys are exactly the states.
  return Object.keys(table) as State[];
}
