import type { OutputPiece } from "@courier/client";

import type { CommandSpec } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { writeFully } from "../world.ts";

/** `state run logs` */
export const runLogs: CommandSpec = {
  options: [
    { flag: "--runId <ID>", summary: "the run", isRequired: true },
    { flag: "-f, --follow", summary: "go on until the run has ended" },
    { flag: "--stepNumber <N>", summary: "only this step, from 1" },
  ],
  notes:
    "What steps wrote to stdout goes to stdout and what they wrote to stderr goes to stderr, byte for byte.\n" +
    "Bytes that were dropped (output beyond the quota) are marked on stderr where they are missing.\n" +
    "With --format json: one JSON line per piece of output, its bytes in base64.",
  run: async (context, flags) => {
    const runId = flags.need("runId");
    const stepNumber = flags.integer("stepNumber", { min: 1 });
    const client = await context.client();
    const events = client.readOutput(runId, {
      signal: context.world.signal,
      stepNumber,
      isFollowing: flags.isOn("follow"),
    });
    const isRaw = !(context.isFormatChosen && context.format === "json");
    for await (const event of events) {
      if (event.kind === "output") await (isRaw ? writeRaw : writeJson)(context, event);
      else if (event.kind === "resumed") await context.note("[courier: connected again]");
      else await context.note(`[courier: ${event.error.message}; trying again until it is back]`);
    }
    return 0;
  },
};

async function writeRaw({ world, note }: CommandContext, piece: OutputPiece): Promise<void> {
  if (piece.gapBytes > 0) await note(`[courier: ${piece.gapBytes} bytes dropped here]`);
  await writeFully(piece.stream === "stdout" ? world.stdout : world.stderr, piece.bytes);
}

async function writeJson({ world }: CommandContext, piece: OutputPiece): Promise<void> {
  const { stepNumber, attempt, stream, offset, gapBytes, bytes } = piece;
  const data = bytes.toString("base64");
  const line = JSON.stringify({ stepNumber, attempt, stream, offset, dropped: gapBytes, data });
  await writeFully(world.stdout, `${line}\n`);
}
