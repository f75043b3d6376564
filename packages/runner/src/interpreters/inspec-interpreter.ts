import { inspecInterpreterName } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import type { Interpreter, StepProcess } from "./interpreter.ts";
import {
  argumentsOf,
  CommandProblem,
  execOf,
  flagFor,
  requiredArgument,
  textArgument,
  type ToolArguments,
} from "./tool-arguments.ts";
import { toolInterpreter } from "./tool-interpreter.ts";

const known = [
  "path",
  "input",
  "waiver",
  "reporterType",
  "reporterFileName",
  "licenseKey",
  "licenseServer",
];

/** Scans the node by an InSpec profile with `inspec exec`. Argument names as in the original. */
export function inspecInterpreter(searchPath: readonly string[]): Interpreter {
  return toolInterpreter({
    name: inspecInterpreterName,
    tool: "inspec",
    searchPath,
    processOf: scanProcess,
  });
}

function scanProcess(command: CanonicalStep["command"], path: string): StepProcess {
  execOf(command, ["scan"]);
  const args = argumentsOf(command, known);
  const flags = [
    "--no-color",
    ...reporterFlags(args),
    ...flagFor("--waiver-file", textArgument(args, "waiver")),
    ...inputFlags(args["input"]),
  ];
  const argv = [path, "exec", requiredArgument(args, "path"), ...flags];
  return { argv: () => argv, files: {}, environment: licence(args) };
}

/** With a file the step's output is still the summary, which output rules of published jobs read. */
function reporterFlags(args: ToolArguments): readonly string[] {
  const type = textArgument(args, "reporterType");
  const file = textArgument(args, "reporterFileName");
  if (file !== undefined) return ["--reporter", "cli", `${type ?? "json"}:${file}`];
  return ["--reporter", type ?? "cli"];
}

function inputFlags(input: unknown): readonly string[] {
  if (input === undefined || input === "") return [];
  if (typeof input === "string") return ["--input", input];
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new CommandProblem('"args.input" is neither a text "name=value" nor an object');
  }
  return ["--input", ...Object.entries(input).map(([name, value]) => `${name}=${String(value)}`)];
}

/** In the environment, because other users of the machine see arguments. */
function licence(args: ToolArguments): Record<string, string> {
  const key = textArgument(args, "licenseKey");
  const server = textArgument(args, "licenseServer");
  return {
    ...(key === undefined ? {} : { CHEF_LICENSE_KEY: key }),
    ...(server === undefined ? {} : { CHEF_LICENSE_SERVER: server }),
  };
}
