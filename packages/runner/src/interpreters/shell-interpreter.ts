import { shellInterpreterName } from "@courier/core";
import type { CanonicalStep } from "@courier/schema";
import { rememberingFinder } from "./find-executable.ts";
import { platformInterpreterVersion, type Interpreter, type ProcessChoice } from "./interpreter.ts";

/** Runs a step's lines as one script, which stops at the first line that fails. */
export function shellInterpreter(options: {
  /** As Node names it. */
  readonly platform: string;
  readonly searchPath: readonly string[];
}): Interpreter {
  const { platform, searchPath } = options;
  const form = commandForms[platform] ?? platform;
  return {
    name: shellInterpreterName,
    version: platformInterpreterVersion,
    tool: shellNames(form).join(" or "),
    locate: rememberingFinder(shellNames(form), searchPath),
    processOf: (step, path) => {
      const script = scriptFor(step.command, form);
      if (!script.ok) return script;
      return form === "windows"
        ? powerShellProcess(script.text, path)
        : posixProcess(script.text, path);
    },
  };
}

/** Node's name of a platform to the name that templates use. */
const commandForms: Readonly<Record<string, string>> = { win32: "windows" };

/** bash where present (templates use bashisms), else sh. */
function shellNames(form: string): readonly string[] {
  return form === "windows" ? ["pwsh", "pwsh.exe", "powershell.exe"] : ["bash", "sh"];
}

function posixProcess(text: string, path: string): ProcessChoice {
  const argv = (runDirectory: string): string[] => [path, "-e", `${runDirectory}/script`];
  return { ok: true, process: { argv, files: { script: text } } };
}

/**
 * PowerShell stops at errors of its own commands and of programs only when told to, and forgets the exit code of the
 * last program unless it is passed on.
 */
function powerShellProcess(text: string, path: string): ProcessChoice {
  const script = `$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
${text}if ($null -ne $LASTEXITCODE) { exit $LASTEXITCODE }
`;
  const flags = ["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"];
  return {
    ok: true,
    process: {
      argv: (runDirectory) => [path, ...flags, `${runDirectory}/script.ps1`],
      files: { "script.ps1": script },
    },
  };
}

type Script =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

function scriptFor(command: CanonicalStep["command"], form: string): Script {
  const lines = command[form];
  if (lines === undefined) {
    const forms = Object.keys(command).join(", ");
    return {
      ok: false,
      reason: `the command has no form for ${form}${forms === "" ? "" : `, only for ${forms}`}`,
    };
  }
  const list: readonly unknown[] = Array.isArray(lines) ? lines : [lines];
  if (list.length === 0 || !list.every((line) => typeof line === "string")) {
    return { ok: false, reason: `the command for ${form} is not a list of lines` };
  }
  const text = `${list.join("\n")}\n`;
  // The kernel ends a script's text nowhere, but shells stop reading at a NUL byte.
  if (text.includes("\0")) return { ok: false, reason: "the command contains a NUL byte" };
  return { ok: true, text };
}
