import { Command, CommanderError, Option } from "commander";
import type { StartFlags } from "./configuration.ts";
import { dataDirDefault, listenDefault } from "./limits.ts";
import { readVersion } from "./version.ts";
import { holdYoungGeneration } from "./young-generation.ts";

const usageExitCode = 2;

/** The command line of courier-server. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exit(error.exitCode === 0 ? 0 : usageExitCode);
  }
}

function createProgram(): Command {
  const program = new Command("courier-server")
    .description("The Courier service: takes jobs, runs them on nodes, records every outcome.")
    .version(readVersion())
    .exitOverride()
    .showHelpAfterError("(see courier-server --help)");
  const start = program
    .command("start")
    .description("start the service and run until SIGTERM")
    .exitOverride();
  for (const option of startOptions()) start.addOption(option);
  start.action(async (flags: StartFlags) => {
    // Loaded only now: --help and --version answer at once.
    holdYoungGeneration();
    const { runStartCommand } = await import("./start-command.ts");
    await runStartCommand(flags);
  });
  return program;
}

function startOptions(): Option[] {
  return [
    option("--data-dir <dir>", "where the service keeps its data", "COURIER_DATA_DIR").default(
      dataDirDefault,
    ),
    option(
      "--listen <host:port>",
      "where to listen; port 0 is any free one",
      "COURIER_LISTEN",
    ).default(listenDefault),
    option(
      "--database-url <url>",
      "PostgreSQL instead of the embedded database",
      "COURIER_DATABASE_URL",
    ),
    option(
      "--bus <url>",
      "how replicas talk to each other; in-process is for one",
      "COURIER_BUS",
    ).default("in-process"),
    option("--tls-cert <file>", "certificate chain, PEM", "COURIER_TLS_CERT"),
    option("--tls-key <file>", "private key, PEM", "COURIER_TLS_KEY"),
    option("--insecure-listen", "allow plain HTTP on a network address", "COURIER_INSECURE_LISTEN"),
    option(
      "--log-level <level>",
      "trace, debug, info, warn, error, fatal or silent",
      "COURIER_LOG_LEVEL",
    ).default("info"),
  ];
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(variable);
}
