import { CourierError, errorCodes } from "@courier/core";
import { validateBody } from "@courier/schema";
import { describe, expect, it } from "vitest";
import { errorBody } from "./error-response.ts";

describe("errorBody", () => {
  it("has the keys of every error of this service, and no more", () => {
    const detail = { pointer: "/name", line: 1, column: 2, message: "must not be empty" };
    const error = new CourierError("TEMPLATE_INVALID", "the template has a problem", {
      details: [detail],
    });

    expect(errorBody(error, "request-1")).toEqual({
      error: {
        code: "TEMPLATE_INVALID",
        message: "the template has a problem",
        details: [detail],
        requestId: "request-1",
      },
    });
  });

  it("leaves out a place that is not known", () => {
    const details = [{ pointer: "/name", message: "is missing" }];
    const body = errorBody(new CourierError("BODY_INVALID", "no", { details }), "");

    expect(body.error.details).toEqual(details);
  });

  it("is valid for every code of the registry", () => {
    for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) {
      expect(validateBody("error-body", errorBody(new CourierError(code, "x"), "r")).ok).toBe(true);
    }
  });
});
