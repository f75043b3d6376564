import { describe, expect, it } from "vitest";

import { commandTree } from "../command-tree.ts";
import { findCommand } from "./find-command.ts";

describe("findCommand", () => {
  it("walks to a leaf and leaves its flags", () => {
    const found = findCommand(commandTree, ["state", "run", "get-run", "--runId", "x"]);

    expect(found.path).toEqual(["courier-cli", "state", "run", "get-run"]);
    expect(found.rest).toEqual(["--runId", "x"]);
  });

  it("accepts the flags of every leaf before the command words", () => {
    const words = ["--profile", "state", "--verbose", "state", "run", "get-run", "--runId", "x"];

    const found = findCommand(commandTree, words);

    expect(found.node.name).toBe("get-run");
    expect(found.rest).toEqual(["--profile", "state", "--verbose", "--runId", "x"]);
  });

  it("stops at a word that is no command", () => {
    const found = findCommand(commandTree, ["state", "runs", "get-run"]);

    expect(found.path).toEqual(["courier-cli", "state"]);
    expect(found.rest).toEqual(["runs", "get-run"]);
  });

  it("reads help in front as --help behind", () => {
    const found = findCommand(commandTree, ["help", "state", "run"]);

    expect(found.node.name).toBe("run");
    expect(found.rest).toEqual(["--help"]);
  });
});
