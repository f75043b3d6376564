/**
 * For what has a limit in real seconds and needs something to have happened before it: tries with a short limit, and with
 * twice as much whenever that was not enough on this machine. `attempt` tells so by undefined.
 */
export async function withEnoughTime<Result>(
  attempt: (seconds: number) => Promise<Result | undefined>,
): Promise<Result> {
  for (let seconds = 2; ; seconds *= 2) {
    const result = await attempt(seconds);
    if (result !== undefined) return result;
  }
}
