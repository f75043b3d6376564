import { ansibleInterpreterName } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import type { Interpreter, StepProcess } from "./interpreter.ts";
import {
  argumentsOf,
  CommandProblem,
  execOf,
  flagFor,
  requiredArgument,
  textArgument,
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

/** Runs a playbook that lies on the node with `ansible-playbook`, by default against the node itself. */
export function ansibleInterpreter(searchPath: readonly string[]): Interpreter {
  return toolInterpreter({
    name: ansibleInterpreterName,
    tool: "ansible-playbook",
    searchPath,
    processOf: playbookProcess,
  });
}

function playbookProcess(command: CanonicalStep["command"], path: string): StepProcess {
  execOf(command, ["run", "execute"]);
  const args = argumentsOf(command, known);
  const playbook = requiredArgument(args, "playbook");
  if (/^\w+:\/\//.test(playbook)) {
    throw new CommandProblem(
      `"args.playbook" must be a path on the node, found "${playbook}": fetch it in a step before`,
    );
  }
  const inventory = textArgument(args, "inventory");
  // A variable is data: it goes through a file, never through the command line.
  const variables = args["extraVars"];
  const flags = [
    ...(inventory === undefined
      ? ["--inventory", "localhost,", "--connection", "local"]
      : ["--inventory", inventory]),
    ...flagFor("--limit", textArgument(args, "limit")),
    ...flagFor("--tags", textArgument(args, "tags")),
    ...flagFor("--skip-tags", textArgument(args, "skipTags")),
    ...(args["check"] === true ? ["--check"] : []),
    ...(args["become"] === true ? ["--become"] : []),
  ];
  return {
    argv: (runDirectory) => [
      path,
      ...flags,
      ...(variables === undefined ? [] : ["--extra-vars", `@${runDirectory}/extra-vars.json`]),
      "--",
      playbook,
    ],
    files: variables === undefined ? {} : { "extra-vars.json": `${JSON.stringify(variables)}\n` },
  };
}
