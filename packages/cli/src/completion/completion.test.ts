import { spawnSync } from "node:child_process";

import { describe, expect, it } from "vitest";

import { commandTree } from "../command-tree.ts";
import { bashCompletion } from "./bash.ts";
import { describeTree } from "./describe-tree.ts";
import { fishCompletion } from "./fish.ts";
import { powershellCompletion } from "./powershell.ts";
import { zshCompletion } from "./zsh.ts";

/** Asks bash itself what it would offer after these words. */
function complete(script: string, words: readonly string[]): string[] {
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _courier_cli; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const bash = spawnSync("bash", ["-c", `${script}\n${ask}`, "bash", ...words], {
    encoding: "utf8",
  });
  expect(bash.stderr).toBe("");
  return bash.stdout.trim().split("\n");
}

describe("completion", () => {
  it("describes every command of the tree", async () => {
    const paths = (await describeTree(commandTree)).map(({ path }) => path.join(" "));

    expect(paths).toContain("scheduler jobs add-job");
    expect(new Set(paths).size).toBe(paths.length);
  });

  it("offers words, flags and values in bash", async () => {
    const script = bashCompletion(await describeTree(commandTree));

    expect(complete(script, ["courier-cli", "sch"])).toEqual(["scheduler"]);
    expect(complete(script, ["courier-cli", "scheduler", "jobs", "li"])).toEqual([
      "list-jobs",
      "list-missed",
    ]);
    expect(complete(script, ["courier-cli", "state", "run", "logs", "--st"])).toEqual([
      "--stepNumber",
    ]);
    expect(complete(script, ["courier-cli", "state", "run", "logs", "--format", ""])).toEqual([
      "json",
      "yaml",
      "table",
    ]);
  });

  it("renders the same commands for zsh and fish", async () => {
    const entries = await describeTree(commandTree);

    expect(zshCompletion(entries)).toContain("'add-job:create a job from a template'");
    expect(fishCompletion(entries)).toContain(
      "complete -c courier-cli -n '__courier_cli_at scheduler jobs add-job' -l 'body-file' -r -F",
    );
  });

  it("renders the same commands for PowerShell, where keys that differ in case alone are the same", async () => {
    const script = powershellCompletion(await describeTree(commandTree));

    const lines = script.split("\n");
    expect(lines).toContainEqual(
      expect.stringMatching(
        /^ {4}'\/scheduler\/jobs' = @\(.*'add-job', 'create a job from a template'/,
      ),
    );
    expect(lines).toContain("    '/state/run/logs --format' = @('json', 'yaml', 'table')");
    expect(lines).toContain("    '/scheduler/jobs/add-job --body-file' = @()");
    const keys = lines.flatMap((line) => /^ {4}('.*') = @\(/.exec(line)?.[1]?.toLowerCase() ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    // An empty description is an error there.
    expect(script.match(/, ''[,)]/g)).toBeNull();
  });

  it("doubles what PowerShell takes for a quote", () => {
    const word = { name: "run", summary: "a node’s 'last' run" };

    const script = powershellCompletion([{ path: [], words: [word], flags: [] }]);

    expect(script).toContain("'run', 'a node’’s ''last'' run'");
  });
});
