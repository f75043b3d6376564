import type { Hello, NodeReports, NodeSession, RunReport } from "@courier/protocol";

/** Takes a gateway's calls and commits them when the test says so; while not patient, at once. */
export class PatientReports implements NodeReports {
  readonly calls: string[] = [];
  readonly sessions: NodeSession[] = [];
  readonly #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  isPatient = false;

  connected(_hello: Hello, session: NodeSession): Promise<void> {
    this.sessions.push(session);
    return this.#take(`connected ${session.nodeId}`);
  }

  async disconnected(session: NodeSession): Promise<void> {
    this.calls.push(`disconnected ${session.nodeId}`);
  }

  reported(_nodeId: string, reports: readonly RunReport[]): Promise<void> {
    return this.#take(`reported ${reports.map((report) => report.type).join()}`);
  }

  /** Commits the oldest call that waits. */
  commit(): void {
    this.#waiting.shift()?.resolve();
  }

  /** Lets the oldest call that waits fail. */
  fail(error: unknown): void {
    this.#waiting.shift()?.reject(error);
  }

  #take(call: string): Promise<void> {
    this.calls.push(call);
    if (!this.isPatient) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }
}
