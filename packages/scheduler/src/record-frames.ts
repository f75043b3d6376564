import { assertNever } from "@courier/core";
import {
  appendOutput,
  recordReports,
  upsertSteps,
  type NewOutputChunk,
  type NodeOutputBatch,
  type NodeReportBatch,
  type ResultReport,
  type StartedReport,
  type StepUpsert,
} from "@courier/store";
import type { RunReport } from "@courier/protocol";
import { countTransitions } from "./end-in-flight.ts";
import type { ReportFrame, Turn } from "./turn.ts";

/** Records the frames of a turn, all nodes in one batch per table; returns the instances whose runs changed. */
export async function recordFrames(turn: Turn, frames: readonly ReportFrame[]): Promise<string[]> {
  if (frames.length === 0) return [];
  const sorted = sortReports(frames, turn.now);
  if (sorted.output.length > 0) await appendOutput(turn.tx, sorted.output);
  if (sorted.steps.length > 0) await upsertSteps(turn.tx, sorted.steps);
  for (const { runId } of sorted.steps) turn.effects.changedRuns.add(runId);
  for (const { chunks } of sorted.output) {
    for (const { runId } of chunks) turn.effects.changedRuns.add(runId);
  }
  if (sorted.reports.length === 0) return [];
  const { transitions } = await recordReports(turn.tx, sorted.reports);
  for (const { runId, instanceId } of transitions) {
    turn.effects.changedRuns.add(runId);
    turn.effects.moved(instanceId, runId);
  }
  return countTransitions(turn, transitions);
}

interface SortedReports {
  readonly reports: NodeReportBatch[];
  readonly steps: StepUpsert[];
  readonly output: NodeOutputBatch[];
}

function sortReports(frames: readonly ReportFrame[], now: number): SortedReports {
  const sorted: SortedReports = { reports: [], steps: [], output: [] };
  for (const { nodeId, reports } of frames) {
    const frame = sortFrame(nodeId, reports, now);
    if (frame.started.length + frame.results.length > 0) {
      sorted.reports.push({ nodeId, now, started: frame.started, results: frame.results });
    }
    if (frame.chunks.length > 0) sorted.output.push({ nodeId, now, chunks: frame.chunks });
    sorted.steps.push(...frame.steps);
  }
  return sorted;
}

interface SortedFrame {
  readonly started: StartedReport[];
  readonly results: ResultReport[];
  readonly steps: StepUpsert[];
  readonly chunks: NewOutputChunk[];
}

/** A run that starts and ends within one frame is recorded once, as ended; the same holds for its steps. */
function sortFrame(nodeId: string, reports: readonly RunReport[], now: number): SortedFrame {
  const frame: SortedFrame = { started: [], results: [], steps: [], chunks: [] };
  const ended = new Set<string>();
  for (const report of reports) if (report.type === "result") ended.add(report.runId);
  for (const report of reports) {
    switch (report.type) {
      case "accepted":
        break;
      case "started":
        if (!ended.has(report.runId)) frame.started.push(report);
        break;
      case "step":
        if (ended.has(report.runId)) break;
        frame.steps.push({ ...report.step, runId: report.runId, nodeId, updatedAt: now });
        break;
      case "output":
        frame.chunks.push({ ...report, data: Buffer.from(report.data, "base64") });
        break;
      case "result":
        frame.results.push(report);
        for (const step of report.steps) {
          frame.steps.push({ ...step, runId: report.runId, nodeId, updatedAt: now });
        }
        break;
      default:
        assertNever(report, "run report");
    }
  }
  return frame;
}
