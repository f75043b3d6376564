/** The run was refused, superseded or let go while something was done for it. */
export class RunDropped extends Error {
  constructor(runId: string, options?: ErrorOptions) {
    super(`run ${runId} was dropped`, options);
    this.name = "RunDropped";
  }
}
