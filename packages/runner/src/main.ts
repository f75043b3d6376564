import { hostname } from "node:os";
import { resolve } from "node:path";
import { CourierError, errorCodes } from "@courier/core";
import { Command, InvalidArgumentError, Option } from "commander";
import { agentVersion } from "./agent-version.ts";
import { readCustomInterpreters } from "./interpreters/read-custom-interpreters.ts";
import type { RunFlags } from "./local/run-command.ts";
import { NodeAgent, type NodeAgentOptions } from "./node-agent.ts";
import { readNodePolicy } from "./policy/read-node-policy.ts";
import { createProcessLogger } from "./process-logger.ts";
import { readAuthority } from "./session/read-authority.ts";
import { SystemClock } from "./system-clock.ts";

interface StartFlags {
  readonly url: string;
  readonly cafile?: string;
  readonly dataDir: string;
  readonly name: string;
  readonly enrollmentKey?: string;
  readonly tag: Readonly<Record<string, string>>;
  readonly logLevel: string;
  readonly outputQuota?: number;
  readonly maxConcurrentRuns: number;
  readonly interpreters?: string;
  readonly policy?: string;
  readonly allowRestart?: boolean;
}

const logLevels = ["trace", "debug", "info", "warn", "error", "silent"];

/** The command line of `courier-runner`; sets the process's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command("courier-runner")
    .description("Courier's node agent: runs on a node what the service assigns to it")
    .version(agentVersion)
    // Wrong flags end as everything else that the caller got wrong.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  program
    .command("start")
    .description("enrol where needed, connect, and execute runs until told to stop")
    .requiredOption(
      "--url <url>",
      "base URL of courier-server, such as https://courier:8443",
      httpUrl,
    )
    .option("--cafile <file>", "PEM file of the authority of the service's certificate")
    .requiredOption("--data-dir <dir>", "where identity, journal and run directories are kept")
    .option("--name <name>", "name to enrol under", hostname())
    .addOption(
      new Option("--enrollment-key <key>", "needed at the first start only").env(
        "COURIER_ENROLLMENT_KEY",
      ),
    )
    .option("--tag <k=v>", "attribute in the namespace tags; may be repeated", addTag, {})
    .addOption(new Option("--log-level <level>").choices(logLevels).default("info"))
    .option("--output-quota <bytes>", "output kept per attempt and stream", positiveInteger)
    .option("--max-concurrent-runs <n>", "runs executed at the same time", positiveInteger, 1)
    .option("--allow-restart", "let steps reboot this node; without it they are refused")
    .option("--interpreters <file>", "JSON file with this node's custom interpreters")
    .option("--policy <file>", "JSON file with what steps may do on this node")
    .action(start);
  program
    .command("run")
    .description("execute a template's steps on this machine, now, without a service")
    .requiredOption("--job-file <file>", "job template; - reads standard input")
    .addOption(
      new Option(
        "--job-format <format>",
        "by default what the file's extension says, else json",
      ).choices(["json", "yaml", "toml"]),
    )
    .option("--dry-run", "make all checks, print what would be executed, start nothing")
    .addOption(
      new Option("--format <format>", "of the summary or the plan")
        .choices(["table", "json"])
        .default("table"),
    )
    .option("--interpreters <file>", "JSON file with this node's custom interpreters")
    .option(
      "--output-dir <dir>",
      "keep what steps leave in $COURIER_ARTIFACTS, an archive per attempt",
    )
    .addHelpText("after", runNotes)
    .action(run);
  await program.parseAsync(argvOf(argv));
}

const runNotes = `
What steps write goes to stdout and stderr as they write it, the summary to stderr; with --format json the
summary alone goes to stdout. Where and when a job is executed (target, schedule) is ignored.
Exit codes: 0 success, 1 a step failed (with --dry-run: would fail), 2 wrong flags or template, 130 interrupted.
The original's spelling works too: courier-runner --zero --job-file FILE | --stdin [--dry-run] [--output-dir DIR].
`;

/** The original's local mode has flags where ours has a command. */
function argvOf(argv: readonly string[]): string[] {
  if (!argv.includes("--zero")) return [...argv];
  const words = argv.slice(2).filter((word) => word !== "--zero");
  const flags = words.flatMap((word) => (word === "--stdin" ? ["--job-file", "-"] : [word]));
  return [...argv.slice(0, 2), "run", ...flags];
}

async function run(flags: RunFlags): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) process.stderr.write("[courier] stopping the step\n");
      stopping.abort();
    });
  }
  // A reader that goes away must not end the run half way: its steps would be left alone.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  try {
    // Loaded here only: an agent needs neither the template's parser nor the rest of this.
    const { runCommand } = await import("./local/run-command.ts");
    process.exitCode = await runCommand(flags, {
      stdin: process.stdin,
      terminal: process,
      environment: process.env,
      logger: createProcessLogger("error"),
      signal: stopping.signal,
    });
  } catch (error) {
    exitWith(error);
  }
}

async function start(flags: StartFlags): Promise<void> {
  let ownerFiles: ReturnType<typeof readOwnerFiles>;
  try {
    ownerFiles = readOwnerFiles(flags);
  } catch (error) {
    return exitWith(error);
  }
  const logger = createProcessLogger(flags.logLevel);
  const agent = new NodeAgent({
    url: flags.url,
    ...ownerFiles,
    dataDir: resolve(flags.dataDir),
    name: flags.name,
    ...(flags.enrollmentKey === undefined ? {} : { enrollmentKey: flags.enrollmentKey }),
    ...(flags.outputQuota === undefined ? {} : { outputQuotaBytes: flags.outputQuota }),
    tags: flags.tag,
    maxConcurrentRuns: flags.maxConcurrentRuns,
    allowRestart: flags.allowRestart ?? false,
    clock: new SystemClock(),
    random: Math.random,
    logger,
    onReady: (node) => process.stdout.write(`${JSON.stringify({ event: "ready", ...node })}\n`),
    onFatal: (error) => void agent.stop("fatal").then(() => exitWith(error)),
  });
  stopOnSignals(agent, (reason) => logger.info({ reason }, "stopping, running steps go on"));
  await agent.start().catch((error: unknown) => exitWith(error));
}

/** What the node's owner says in files. Throws a USAGE error that names the file. */
function readOwnerFiles({
  interpreters,
  policy,
  cafile,
}: StartFlags): Pick<NodeAgentOptions, "customInterpreters" | "policy" | "caPem"> {
  return {
    customInterpreters: interpreters === undefined ? [] : readCustomInterpreters(interpreters),
    ...(policy === undefined ? {} : { policy: readNodePolicy(policy) }),
    ...(cafile === undefined ? {} : { caPem: readAuthority(cafile) }),
  };
}

/** A second signal changes nothing: stopping is quick, and what runs is not touched. */
function stopOnSignals(agent: NodeAgent, note: (reason: string) => void): void {
  let isStopping = false;
  const stop = (reason: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    note(reason);
    // Running steps are children: without this the process would wait for them.
    void agent.stop(reason).then(() => process.exit());
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function exitWith(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  // A list of problems says for each what is expected.
  const hasHelp = error instanceof CourierError && !message.includes("\n");
  const help = hasHelp ? ` (${errorCodes[error.code].help})` : "";
  process.stderr.write(`courier-runner: ${message}${help}\n`);
  process.exitCode = error instanceof CourierError ? errorCodes[error.code].exitCode : 1;
}

function httpUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return value;
  throw new InvalidArgumentError("give an http:// or https:// URL");
}

function positiveInteger(value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("give a whole number above 0");
}

function addTag(value: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  const separator = value.indexOf("=");
  if (separator <= 0) throw new InvalidArgumentError("give name=value");
  return { ...tags, [value.slice(0, separator)]: value.slice(separator + 1) };
}
