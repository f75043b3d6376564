import type { Ack, OutputAck, RunReport } from "@courier/protocol";

/** What a frame's reports earn once they are committed; undefined when nothing in it needs an answer. */
export function acknowledge(reports: readonly RunReport[]): Ack | undefined {
  const results: string[] = [];
  const output: OutputAck[] = [];
  for (const report of reports) {
    if (report.type === "result") results.push(report.runId);
    if (report.type === "output") {
      const { runId, stepNumber, attempt, stream } = report;
      const nextOffset = report.offset + Buffer.byteLength(report.data, "base64");
      output.push({ runId, stepNumber, attempt, stream, nextOffset });
    }
  }
  if (results.length + output.length === 0) return undefined;
  return { type: "ack", results, output };
}
