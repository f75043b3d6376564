import { describe, expect, it } from "vitest";

import { everyLeafOptions, pageOptions } from "../command.ts";
import { declareSpelling } from "./flag-spelling.ts";

const options = [
  { flag: "--jobId <ID>", summary: "" },
  { flag: "--body-file <FILE>", summary: "" },
  { flag: "--body <TEXT>", summary: "" },
  { flag: "--wait", summary: "" },
  { flag: "--expand [BOOLEAN]", summary: "" },
  { flag: "--group-number <N>", summary: "", aliases: ["groupNum"] },
  ...pageOptions,
  ...everyLeafOptions,
];

describe("declareSpelling", () => {
  it.each([
    [
      ["--job-id", "x"],
      ["--jobId", "x"],
    ],
    [
      ["--jobId", "x"],
      ["--jobId", "x"],
    ],
    [["--job-id=x"], ["--jobId=x"]],
    [["--JobId=x=y"], ["--jobId=x=y"]],
    [
      ["--bodyFile", "f"],
      ["--body-file", "f"],
    ],
    [
      ["--groupNum", "1"],
      ["--group-number", "1"],
    ],
    [["--wait=true"], ["--wait"]],
    [
      ["--wait=false", "--jobId", "x"],
      ["--jobId", "x"],
    ],
    [["--expand=false"], ["--expand=false"]],
    [["--body=false"], ["--body=false"]],
    [
      ["--pagination.Page", "2"],
      ["--pagination.page", "2"],
    ],
  ])("rewrites %j to %j", (given, expected) => {
    expect(declareSpelling(given, options)).toEqual(expected);
  });

  it("leaves values alone, also when they look like flags", () => {
    const words = ["--body", "---\nname: x", "--wait", "--body", "--job-id"];

    expect(declareSpelling(words, options)).toEqual(words);
  });

  it("leaves unknown flags and everything after -- alone", () => {
    const words = ["--jbo-id", "x", "--", "--job-id"];

    expect(declareSpelling(words, options)).toEqual(words);
  });
});
