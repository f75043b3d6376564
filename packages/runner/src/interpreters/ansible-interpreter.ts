import { ansibleInterpreterName, playbookSource, shownUrl } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import {
  explainFetch,
  fetchingArgv,
  fetchingFiles,
  playbookUrlVariable,
  pythonFor,
} from "./fetch-playbook.ts";
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
  "playbook",
  "inventory",
  "limit",
  "tags",
  "skipTags",
  "extraVars",
  "check",
  "become",
];

/**
 * Runs a playbook that lies on the node, or is fetched by its URL as a part of the attempt, with `ansible-playbook`, by default
 * against the node itself.
 */
export function ansibleInterpreter(searchPath: readonly string[]): Interpreter {
  return {
    ...toolInterpreter({
      name: ansibleInterpreterName,
      tool: "ansible-playbook",
      searchPath,
      processOf: (command, path) => playbookProcess(command, { path, searchPath }),
    }),
    explainFailure: (read) => explainFetch(read("stderr")),
  };
}

function playbookProcess(
  command: CanonicalStep["command"],
  { path, searchPath }: { readonly path: string; readonly searchPath: readonly string[] },
): StepProcess {
  execOf(command, ["run", "execute"]);
  const args = argumentsOf(command, known);
  const playbook = requiredArgument(args, "playbook");
  const source = playbookSource(playbook);
  if (source.kind === "refused") throw new CommandProblem(source.reason);
  // A variable is data: it goes through a file, never through the command line.
  const variables = args["extraVars"];
  const files =
    variables === undefined ? {} : { "extra-vars.json": `${JSON.stringify(variables)}\n` };
  const argvFor = (runDirectory: string, playbookPath: string): readonly string[] => [
    path,
    ...flagsOf(args),
    ...(variables === undefined ? [] : ["--extra-vars", `@${runDirectory}/extra-vars.json`]),
    "--",
    playbookPath,
  ];
  if (source.kind === "path") return { argv: (directory) => argvFor(directory, playbook), files };
  const python = pythonFor(path, searchPath);
  return {
    argv: (runDirectory) => {
      const playbookPath = `${runDirectory}/playbook.yml`;
      const argv = argvFor(runDirectory, playbookPath);
      return fetchingArgv({ python, runDirectory, playbookPath, argv });
    },
    files: { ...files, ...fetchingFiles() },
    environment: { [playbookUrlVariable]: playbook },
    fetches: shownUrl(playbook),
  };
}

function flagsOf(args: ToolArguments): readonly string[] {
  const inventory = textArgument(args, "inventory");
  return [
    ...(inventory === undefined
      ? ["--inventory", "localhost,", "--connection", "local"]
      : ["--inventory", inventory]),
    ...flagFor("--limit", textArgument(args, "limit")),
    ...flagFor("--tags", textArgument(args, "tags")),
    ...flagFor("--skip-tags", textArgument(args, "skipTags")),
    ...(args["check"] === true ? ["--check"] : []),
    ...(args["become"] === true ? ["--become"] : []),
  ];
}
