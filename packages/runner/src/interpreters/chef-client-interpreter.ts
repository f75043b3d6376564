import { assertNever, chefClientInterpreterName } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import { findExecutable } from "./find-executable.ts";
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

const runArguments = ["mode", "runlist", "path", "source", "config"];
const downloadArguments = ["url", "cookbooks", "path"];
const supermarketDefault = "https://supermarket.chef.io/";
const cookbooksPathDefault = "/tmp/courier/chef-interpreter/cookbooks";

/**
 * Drives Chef Infra Client: `run` and `execute` by chef-client, `download` by berks (which resolves dependencies),
 * `rotate credentials` by knife. Argument names and defaults as in the original.
 */
export function chefClientInterpreter(searchPath: readonly string[]): Interpreter {
  return toolInterpreter({
    name: chefClientInterpreterName,
    tool: "chef-client",
    searchPath,
    processOf: (command, path) => chefProcess(command, { chefClient: path, searchPath }),
  });
}

interface Tools {
  readonly chefClient: string;
  readonly searchPath: readonly string[];
}

function chefProcess(command: CanonicalStep["command"], tools: Tools): StepProcess {
  const exec = execOf(command, ["run", "rotate credentials", "download", "execute"]);
  switch (exec) {
    case "run":
      return runProcess(argumentsOf(command, runArguments), tools);
    case "download":
      return downloadProcess(argumentsOf(command, downloadArguments), tools);
    case "execute":
      return executeProcess(
        argumentsOf(command, [...new Set([...runArguments, ...downloadArguments])]),
        tools,
      );
    case "rotate credentials":
      return rotateProcess(argumentsOf(command, ["config"]), tools);
    default:
      return assertNever(exec, "exec");
  }
}

function runProcess(args: ToolArguments, { chefClient }: Tools): StepProcess {
  const argv = clientArgv(args, chefClient);
  return { argv: () => argv, files: {} };
}

function clientArgv(args: ToolArguments, chefClient: string): readonly string[] {
  const mode = textArgument(args, "mode");
  const path = cookbooksPath(args);
  if (mode !== undefined && mode !== "local" && mode !== "server") {
    throw new CommandProblem(`"args.mode" is "${mode}", give "local" or "server"`);
  }
  return [
    chefClient,
    "--no-color",
    ...(mode === "local" ? ["--local-mode"] : []),
    ...flagFor("--config", textArgument(args, "config")),
    ...flagFor("--config-option", path === undefined ? undefined : `cookbook_path=${path}`),
    ...flagFor("--override-runlist", textArgument(args, "runlist")),
  ];
}

/** Published jobs call it `source`, the documentation `path`. */
function cookbooksPath(args: ToolArguments): string | undefined {
  const path = textArgument(args, "path");
  const source = textArgument(args, "source");
  if (path !== undefined && source !== undefined) {
    throw new CommandProblem('"args" has both "path" and "source", which mean the same');
  }
  return path ?? source;
}

function downloadProcess(args: ToolArguments, tools: Tools): StepProcess {
  const files = { Berksfile: berksfile(args) };
  const berks = companion("berks", "download", tools);
  const path = textArgument(args, "path") ?? cookbooksPathDefault;
  return {
    argv: (runDirectory) => [berks, "vendor", path, `--berksfile=${runDirectory}/Berksfile`],
    files,
  };
}

/** Downloads what is named, then runs it from there. */
const executeScript = `berks=$1 path=$2 berksfile=$3
shift 3
"$berks" vendor "$path" --berksfile="$berksfile"
exec "$@"
`;

function executeProcess(args: ToolArguments, tools: Tools): StepProcess {
  const path = cookbooksPath(args) ?? cookbooksPathDefault;
  const { source: _, ...others } = args;
  const local = { ...others, path, mode: textArgument(args, "mode") ?? "local" };
  if (textArgument(args, "cookbooks") === undefined) return runProcess(local, tools);
  const berks = companion("berks", "execute", tools);
  const runlist =
    textArgument(args, "runlist") ??
    cookbooksOf(args)
      .map(({ name }) => name)
      .join(",");
  const client = clientArgv({ ...local, runlist }, tools.chefClient);
  return {
    argv: (directory) => [
      ...["/bin/sh", "-e", `${directory}/execute.sh`],
      ...[berks, path, `${directory}/Berksfile`, ...client],
    ],
    files: { "execute.sh": executeScript, Berksfile: berksfile(args) },
  };
}

/** Chef's own way of replacing a client's key: the present one must still be accepted. The new file is whole or not there. */
const rotateScript = `require "chef/api_client"
path = Chef::Config[:client_key]
key = Chef::ApiClient.reregister(Chef::Config[:node_name]).private_key
File.open("#{path}.new", "w", 0o600) { |file| file.write(key); file.fsync }
File.rename("#{path}.new", path)
puts "the key of #{Chef::Config[:node_name]} was replaced in #{path}"
`;

function rotateProcess(args: ToolArguments, tools: Tools): StepProcess {
  const knife = companion("knife", "rotate credentials", tools);
  const config = textArgument(args, "config");
  return {
    argv: (directory) => [knife, "exec", `${directory}/rotate.rb`, "--no-color"],
    files: { "rotate.rb": rotateScript },
    ...(config === undefined ? {} : { environment: { CHEF_CREDENTIALS_FILE: config } }),
  };
}

/** A tool that comes with Chef Workstation, not with Chef Infra Client. */
function companion(tool: string, exec: string, { searchPath }: Tools): string {
  const path = findExecutable([tool], searchPath);
  if (path !== undefined) return path;
  throw new CommandProblem(`exec "${exec}" needs ${tool}, which is not installed on this node`);
}

/** Names and versions are checked, because a Berksfile is a Ruby program. */
function berksfile(args: ToolArguments): string {
  const url = textArgument(args, "url") ?? supermarketDefault;
  if (!/^https?:\/\/[^\s'"\\#]+$/.test(url)) throw new CommandProblem('"args.url" is no HTTP URL');
  const lines = cookbooksOf(args).map(({ name, version }) =>
    version === undefined ? `cookbook "${name}"` : `cookbook "${name}", "= ${version}"`,
  );
  return [`source "${url}"`, ...lines, ""].join("\n");
}

interface Cookbook {
  readonly name: string;
  readonly version: string | undefined;
}

function cookbooksOf(args: ToolArguments): readonly Cookbook[] {
  return requiredArgument(args, "cookbooks")
    .split(",")
    .map((entry) => {
      const match = /^\s*([\w-]+)(?:@(\d+(?:\.\d+)*))?\s*$/.exec(entry);
      if (match?.[1] === undefined) {
        throw new CommandProblem(
          `"args.cookbooks" has "${entry.trim()}", give name or name@version`,
        );
      }
      return { name: match[1], version: match[2] };
    });
}
