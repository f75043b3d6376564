import { CourierError, errorCodes } from "@courier/core";

import { everyLeafOptions, isGroup, type CommandLeaf } from "./command.ts";
import { commandTree } from "./command-tree.ts";
import { createContext } from "./context.ts";
import { choosePaint } from "./render/color.ts";
import { errorObject, renderErrorJson, renderErrorText } from "./render/error.ts";
import { readFormat, renderYaml, type Format } from "./render/format.ts";
import { findCommand, type FoundCommand } from "./usage/find-command.ts";
import { declareSpelling } from "./usage/flag-spelling.ts";
import { Interrupted, interruptedExitCode, OutputClosed, writeFully, type World } from "./world.ts";

/** Runs one command line and returns its exit code; never throws. */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  try {
    const found = findCommand(commandTree, args);
    return isGroup(found.node)
      ? await answerGroup(found, world)
      : await runLeaf(found, found.node, world);
  } catch (error) {
    return reportError(error, { args, world });
  }
}

async function answerGroup(found: FoundCommand, world: World): Promise<number> {
  const { parseGroup } = await import("./usage/parse-command.ts");
  if (!isGroup(found.node)) return 0;
  const parsed = parseGroup(found.path, found.node, found.rest);
  if (parsed.kind === "text") await writeFully(world.stdout, parsed.text);
  return 0;
}

async function runLeaf(found: FoundCommand, leaf: CommandLeaf, world: World): Promise<number> {
  const [{ parseLeaf }, spec] = await Promise.all([
    import("./usage/parse-command.ts"),
    leaf.load(),
  ]);
  const parsed = parseLeaf(found.path, { summary: leaf.summary, spec }, found.rest);
  if (parsed.kind === "text") {
    await writeFully(world.stdout, parsed.text);
    return 0;
  }
  const { flags } = parsed;
  const context = createContext({
    world,
    format: readFormat(flags.text("format")),
    profile: flags.text("profile"),
    isVerbose: flags.isOn("verbose"),
  });
  if (flags.isOn("example")) {
    const { printExamples } = await import("./template/print-examples.ts");
    return await printExamples(context, { flags, examples: spec.examples ?? [] });
  }
  return spec.run(context, flags);
}

async function reportError(
  error: unknown,
  call: { readonly args: readonly string[]; readonly world: World },
): Promise<number> {
  if (error instanceof OutputClosed) return 0;
  if (error instanceof Interrupted) return interruptedExitCode;
  try {
    await writeFully(call.world.stderr, await renderError(error, call));
  } catch {
    // Nobody reads stderr any more; the exit code still tells.
  }
  return error instanceof CourierError
    ? errorCodes[error.code].exitCode
    : errorCodes.INTERNAL.exitCode;
}

/**
 * The chosen data format decides: json and yaml give the error object, table gives text. Where none was chosen, a person at
 * a terminal gets text and a script gets JSON.
 */
async function renderError(
  error: unknown,
  call: { readonly args: readonly string[]; readonly world: World },
): Promise<string> {
  const { world } = call;
  const format: Format = findFormat(call.args) ?? (world.stderr.isTTY === true ? "table" : "json");
  if (format === "table") {
    return renderErrorText(error, choosePaint(world.stderr, world.env));
  }
  if (format === "json") return renderErrorJson(error);
  return renderYaml(errorObject(error));
}

/** Reads `--format` also from a command line that could not be parsed. */
function findFormat(args: readonly string[]): Format | undefined {
  const words = declareSpelling(args, everyLeafOptions);
  const index = words.findLastIndex((word) => word === "--format" || word.startsWith("--format="));
  const word = words[index] ?? "";
  return readFormat(word === "--format" ? words[index + 1] : word.slice("--format=".length));
}
