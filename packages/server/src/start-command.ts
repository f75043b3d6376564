import { CourierError, errorCodes } from "@courier/core";
import type { Logger } from "pino";
import { configurationOf, type StartFlags } from "./configuration.ts";
import { stopGraceMs } from "./limits.ts";
import { createLog } from "./log.ts";
import { startServer, type RunningServer } from "./start-server.ts";
import { releaseYoungGeneration } from "./young-generation.ts";

/** Runs the service until a signal ends it; a start that fails is one line on stderr and an exit code. */
export async function runStartCommand(flags: StartFlags): Promise<void> {
  try {
    const configuration = configurationOf(flags);
    const log = createLog(configuration.logLevel);
    endOnDefect(log);
    const starting = startServer({ ...configuration, log });
    stopOnSignals(starting, log);
    const server = await starting;
    releaseYoungGeneration();
    process.stdout.write(`${JSON.stringify({ event: "ready", url: server.url })}\n`);
  } catch (error) {
    process.stderr.write(`courier-server: ${oneLine(error)}\n`);
    process.exit(exitCodeOf(error));
  }
}

/** The first signal drains, the second ends the process at once. */
function stopOnSignals(starting: Promise<RunningServer>, log: Logger): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(exitCodeAfter(signal));
    isStopping = true;
    log.info({ signal }, "stopping");
    setTimeout(() => {
      log.error("the stop took too long");
      process.exit(1);
    }, stopGraceMs).unref();
    // A start that fails reports itself; there is nothing to stop then.
    starting
      .then(
        (server) => stopAndExit(server, signal),
        () => undefined,
      )
      .catch(() => process.exit(1));
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

async function stopAndExit(server: RunningServer, signal: NodeJS.Signals): Promise<void> {
  await server.stop(`the service received ${signal}`);
  process.exit(0);
}

function exitCodeAfter(signal: NodeJS.Signals): number {
  return signal === "SIGINT" ? 130 : 143;
}

/** A defect leaves the process in a state nobody knows: end it, the database is the truth and the next start reads it. */
function endOnDefect(log: Logger): void {
  const end = (error: unknown): void => {
    log.fatal({ err: error }, "ending because of a defect");
    process.exit(1);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s*\n\s*/g, " ");
}

function exitCodeOf(error: unknown): number {
  return error instanceof CourierError ? errorCodes[error.code].exitCode : 1;
}
