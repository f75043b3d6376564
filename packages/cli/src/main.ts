import { homedir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

import { cliVersion } from "./version.ts";
import {
  Interrupted,
  interruptedExitCode,
  isBrokenPipe,
  OutputClosed,
  writeFully,
  type World,
} from "./world.ts";

/** Runs the command line of this process and sets its exit code. */
export async function main(): Promise<void> {
  const interruption = new AbortController();
  process.once("SIGINT", () => {
    interruption.abort(new Interrupted());
    // A second Ctrl-C does not wait for anything.
    process.once("SIGINT", () => process.exit(interruptedExitCode));
  });
  // `courier-cli … | head`: writers get the error too, but without a listener the process would crash before they do.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: unknown) => {
      if (isBrokenPipe(error)) interruption.abort(new OutputClosed());
    });
  }
  const args = process.argv.slice(2);
  if (args.length === 1 && args[0] === "--version") {
    // Scripts ask this often, and nothing needs to be loaded to answer it.
    await writeFully(process.stdout, `${cliVersion}\n`);
    return;
  }
  const { runCli } = await import("./run-cli.ts");
  process.exitCode = await runCli(args, createWorld(interruption.signal));
}

function createWorld(signal: AbortSignal): World {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    homeDirectory: homedir(),
    signal,
    now: Date.now,
    delay: async (ms, until) => {
      try {
        await delay(ms, undefined, { signal: until });
      } catch (error) {
        until.throwIfAborted();
        throw error;
      }
    },
  };
}
