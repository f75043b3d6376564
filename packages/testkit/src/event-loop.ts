/** Lets the event loop turn until something is so; throws when it does not become so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < turnsMax; turn += 1) {
    if (await isSo()) return;
    await turnOfTheEventLoop();
  }
  throw new Error(`it has not become so: ${isSo.toString()}`);
}

/** Lets everything happen that can happen without time passing. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < settlingTurns; turn += 1) await turnOfTheEventLoop();
}

/** Generous: a turn costs microseconds, and a database answers within a few. */
const turnsMax = 2000;

const settlingTurns = 20;

function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
