import { describe, expect, it } from "vitest";
import { isAllowed, rolesWith } from "./permission.ts";

describe("permissions", () => {
  it("gives writing jobs to operators and admins only", () => {
    expect(rolesWith("jobs:write")).toEqual(["admin", "operator"]);
    expect(rolesWith("state:write")).toEqual(["admin", "operator"]);
  });

  it("gives nodes and their keys to node managers and admins only", () => {
    expect(rolesWith("nodes:write")).toEqual(["admin", "node-manager"]);
  });

  it("keeps tokens to admins", () => {
    expect(rolesWith("tokens:read")).toEqual(["admin"]);
    expect(rolesWith("tokens:write")).toEqual(["admin"]);
  });

  it("lets a viewer read and change nothing", () => {
    expect(isAllowed("viewer", "jobs:read")).toBe(true);
    expect(isAllowed("viewer", "jobs:write")).toBe(false);
    expect(isAllowed("viewer", "state:write")).toBe(false);
    expect(isAllowed("viewer", "nodes:write")).toBe(false);
  });

  it("lets every role read metrics", () => {
    expect(rolesWith("metrics:read")).toEqual(["admin", "operator", "node-manager", "viewer"]);
  });
});
