import { protocolVersion } from "@courier/protocol";

/** A run that a virtual agent holds, as far as its frames tell of it. */
export interface FrameRun {
  readonly runId: string;
  readonly token: number;
  readonly stepCount: number;
}

/** When a run began and ended, Unix ms. */
export interface FrameTimes {
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** Journals, starts: what an agent tells first of a run. Ids are UUIDs, so that nothing needs escaping. */
export function startedMessages({ runId, token }: FrameRun, startedAt: number): string {
  const run = `"runId":"${runId}","token":${token}`;
  return `{"type":"accepted",${run}},{"type":"started",${run},"at":${startedAt}}`;
}

/** One chunk of standard output of the first step; `data` is base64. */
export function outputMessage({ runId, token }: FrameRun, data: string): string {
  const place = `"stepNumber":1,"attempt":1,"stream":"stdout","offset":0`;
  return `{"type":"output","runId":"${runId}","token":${token},${place},"data":"${data}"}`;
}

/** The result of a run whose steps all succeeded, with a report for each step. */
export function resultMessage(
  { runId, token, stepCount }: FrameRun,
  times: FrameTimes & { readonly outputBytes: number },
): string {
  const at = `"startedAt":${times.startedAt},"finishedAt":${times.finishedAt}`;
  let steps = "";
  for (let stepNumber = 1; stepNumber <= stepCount; stepNumber += 1) {
    const outputBytes = stepNumber === 1 ? times.outputBytes : 0;
    steps += `${stepNumber === 1 ? "" : ","}{"stepNumber":${stepNumber},${stepStart}${at},"outputBytes":${outputBytes},"outputDroppedBytes":0}`;
  }
  return `{"type":"result","runId":"${runId}","token":${token},"status":"success","reason":"",${at},"steps":[${steps}]}`;
}

/** The result of a run that the service had stopped. */
export function stoppedMessage(
  { runId, token }: FrameRun,
  {
    outcome,
    finishedAt,
  }: { readonly outcome: "canceled" | "timeout"; readonly finishedAt: number },
): string {
  return `{"type":"result","runId":"${runId}","token":${token},"status":"${outcome}","reason":"stopped","startedAt":null,"finishedAt":${finishedAt},"steps":[]}`;
}

/** What a hello tells beyond what is the same for all virtual agents. */
export interface HelloParts {
  readonly nodeId: string;
  readonly nonce: string;
  readonly signature: string;
  readonly runs: readonly {
    readonly runId: string;
    readonly token: number;
    readonly state: "running" | "ended";
  }[];
}

/** The frame that proves an agent's identity and lists the runs that it holds. */
export function helloFrame(parts: HelloParts): string {
  return JSON.stringify([
    {
      type: "hello",
      protocolVersion,
      ...parts,
      agentVersion: "virtual",
      bootId: "virtual",
      journalId: `journal-${parts.nodeId}`,
      maxConcurrentRuns: 1,
      attributes: {},
    },
  ]);
}

/** A sign of life. */
export function heartbeatFrame(at: number): string {
  return `[{"type":"heartbeat","at":${at}}]`;
}

const stepStart = `"status":"success","attemptCount":1,"exitCode":0,"reason":"","interpreterPath":"/bin/sh","interpreterVersion":"1.0.0",`;
