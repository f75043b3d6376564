/** Lets the event loop turn until something is so; throws when it does not become so for long enough to call it stuck. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + stuckAfterMs;
  while (!(await isSo())) {
    if (performance.now() > endsAt) throw new Error(`it has not become so: ${isSo.toString()}`);
    await turnOfTheEventLoop();
  }
}

/** Lets everything happen that can happen without time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < settlingTurns; turn += 1) await turnOfTheEventLoop();
}

/** Before a test's own time limit, which would not say what was waited for. A count of turns says nothing of a socket. */
const stuckAfterMs = 50_000;

const settlingTurns = 20;

function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
