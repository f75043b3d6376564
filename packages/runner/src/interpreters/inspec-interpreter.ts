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
  "minSuccess",
  "source",
  "sourceURL",
  "username",
  "token",
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
  const profile = requiredArgument(args, "path");
  const server = automateServer(args);
  const least = minSuccess(args);
  const options = [...flagFor("--waiver-file", textArgument(args, "waiver")), ...inputFlags(args)];
  const exec = (reporters: readonly string[]): readonly string[] => [
    ...["exec", server === undefined ? profile : `compliance://${profile}`],
    ...["--no-color", "--reporter", ...reporters, ...options],
  ];
  const reporters = reportersOf(args);
  if (server === undefined && least === "") {
    return { argv: () => [path, ...exec(reporters)], files: {}, environment: licence(args) };
  }
  const isSummaryShown = reporters.includes("cli");
  const user = textArgument(args, "username") ?? "";
  return {
    argv: (directory) => [
      ...["/bin/sh", `${directory}/scan.sh`, path, directory, server ?? "", user],
      ...[least, isSummaryShown ? "shown" : ""],
      ...exec(least === "" ? reporters : withSummary(reporters, `${directory}/summary`)),
    ],
    files: { "scan.sh": scanScript },
    environment: { ...licence(args), COURIER_AUTOMATE_TOKEN: textArgument(args, "token") ?? "" },
  };
}

/** With a file the step's output is still the summary, which output rules of published jobs read. */
function reportersOf(args: ToolArguments): readonly string[] {
  const type = textArgument(args, "reporterType");
  const file = textArgument(args, "reporterFileName");
  return file === undefined ? [type ?? "cli"] : ["cli", `${type ?? "json"}:${file}`];
}

/** InSpec knows each kind of reporter once: the summary goes to the file, and from there to the step's output. */
function withSummary(reporters: readonly string[], file: string): readonly string[] {
  return [...reporters.filter((reporter) => reporter !== "cli"), `cli:${file}`];
}

/**
 * Logs in to Chef Automate where the profile is there, with a configuration of the attempt's own: nothing of it stays on
 * the node, and nobody else's login is replaced. Where a share of the controls is asked for, compares it with InSpec's
 * summary; 100 and 101 are its exit codes for controls that failed or were skipped.
 */
const scanScript = `inspec=$1 directory=$2 server=$3 user=$4 least=$5 shown=$6
shift 6
if [ -n "$server" ]; then
  INSPEC_CONFIG_DIR=$directory/inspec
  export INSPEC_CONFIG_DIR
  "$inspec" automate login "$server" --user "$user" --token "$COURIER_AUTOMATE_TOKEN" || exit
fi
"$inspec" "$@"
status=$?
rm -rf "$directory/inspec"
[ -n "$least" ] || exit "$status"
[ -z "$shown" ] || cat "$directory/summary"
case $status in
0 | 100 | 101) ;;
*) exit "$status" ;;
esac
awk -v least="$least" '
  /^Profile Summary:/ { passed += $3; failed += $6 }
  END {
    if (passed + failed == 0) { print "no control was decided"; exit 1 }
    share = 100 * passed / (passed + failed)
    printf "%d of %d controls succeeded: %.4g %%, asked for are %s %%\\n", passed, passed + failed, share, least
    exit share < least
  }' "$directory/summary"
`;

/** Address of the Chef Automate that has the profile; undefined: `path` is a path or URL of it. */
function automateServer(args: ToolArguments): string | undefined {
  const source = textArgument(args, "source");
  if (source === undefined) return undefined;
  if (source !== "automate") {
    throw new CommandProblem(`"args.source" is "${source}", the one known is "automate"`);
  }
  return requiredArgument(args, "sourceURL");
}

/** Percent; empty when every control must succeed. */
function minSuccess(args: ToolArguments): string {
  const text = (textArgument(args, "minSuccess") ?? "").replace(/%$/, "");
  const share = Number(text);
  if (share >= 0 && share <= 100) return text;
  throw new CommandProblem(`"args.minSuccess" is "${text}", give percent, from 0 to 100`);
}

function inputFlags({ input }: ToolArguments): readonly string[] {
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
