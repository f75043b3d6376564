import { ServiceError } from "@courier/client";
import { CourierError } from "@courier/core";
import { describe, expect, it } from "vitest";

import { TemplateError } from "../template/template-error.ts";
import { renderErrorJson, renderErrorText } from "./error.ts";

const paint = (text: string): string => text;

describe("renderErrorText", () => {
  it("points at the file, one line per problem", () => {
    const error = new TemplateError("TEMPLATE_INVALID", "job.yaml is not valid: 2 problems", {
      file: "job.yaml",
      details: [
        { pointer: "/name", line: 3, column: 7, message: "must not be empty" },
        { pointer: "", message: "something general" },
      ],
    });

    expect(renderErrorText(error, paint)).toMatchInlineSnapshot(`
      "error: job.yaml is not valid: 2 problems
        job.yaml:3:7 /name: must not be empty
        job.yaml: something general
      help: correct the fields that the details name; nothing was stored
      "
    `);
  });

  it("names the request id that the service's log knows", () => {
    const error = new ServiceError("INTERNAL", "internal error", { requestId: "r-1" });

    expect(renderErrorText(error, paint)).toContain("request id: r-1\n");
  });

  it("keeps control characters of others' messages off the terminal", () => {
    expect(renderErrorText(new CourierError("USAGE", "\u001b[2Jx"), paint)).toContain("·[2Jx");
  });

  it("shows where a defect happened", () => {
    expect(renderErrorText(new TypeError("boom"), paint)).toContain("TypeError: boom\n    at ");
  });
});

it("says the place in a file also of a single mistake that the message tells", () => {
  const message = "must not be empty";
  const details = [{ pointer: "/name", line: 3, column: 7, message }];
  const error = new TemplateError("TEMPLATE_INVALID", message, { file: "job.yaml", details });

  expect(renderErrorText(error, paint)).toContain("\n  job.yaml:3:7 /name: must not be empty\n");
});

describe("renderErrorJson", () => {
  it("has the shape that the service answers with", () => {
    const error = new ServiceError("JOB_NOT_FOUND", "no such job", {
      requestId: "r-2",
      details: [{ pointer: "/x", message: "m" }],
    });

    expect(JSON.parse(renderErrorJson(error))).toEqual({
      error: {
        code: "JOB_NOT_FOUND",
        message: "no such job",
        details: [{ pointer: "/x", message: "m" }],
        requestId: "r-2",
      },
    });
  });

  it("calls an unexpected failure INTERNAL", () => {
    expect(JSON.parse(renderErrorJson(new TypeError("boom")))).toEqual({
      error: { code: "INTERNAL", message: "boom", details: [], requestId: "" },
    });
  });
});

it("a single mistake in a body is said once, several each at its place", () => {
  const mistake = (pointer: string): { pointer: string; message: string } => ({
    ...{ pointer, message: "must be at least 1, found 0" },
  });
  const text = (message: string, ...pointers: string[]): string =>
    renderErrorText(
      new CourierError("BODY_INVALID", message, { details: pointers.map(mistake) }),
      (word) => word,
    );

  const one = text("the body's duration: must be at least 1, found 0", "/duration");
  const two = text("the body's a: must be at least 1, found 0", "/a", "/b");

  expect(one.match(/must be at least 1/g)).toHaveLength(1);
  expect(text("the body is not valid", "/duration")).toContain("  /duration: must be at least 1");
  expect(two).toContain("  /a: must be at least 1, found 0\n  /b: must be at least 1, found 0\n");
});
