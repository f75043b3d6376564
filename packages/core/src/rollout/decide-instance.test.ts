import { describe, expect, test } from "vitest";
import type { GroupStatus } from "../state/group-state.ts";
import { planInstance, type GroupStanding } from "./decide-instance.ts";

function groups(...statuses: GroupStatus[]): GroupStanding[] {
  return statuses.map((status, groupNumber) => ({ groupNumber, status }));
}

describe("a sequential target", () => {
  test("moves only the first group that has not ended", () => {
    expect(planInstance("sequential", groups("success", "pending", "pending"))).toEqual({
      active: [1],
      barred: [],
      verdict: null,
    });
  });

  test("waits for the group that runs", () => {
    expect(planInstance("sequential", groups("running", "pending")).active).toEqual([0]);
  });

  test.each(["failure", "skipped", "canceled"] as const)(
    "bars everything after a group that ended %s",
    (status) => {
      expect(planInstance("sequential", groups("success", status, "pending", "pending"))).toEqual({
        active: [2, 3],
        barred: [2, 3],
        verdict: null,
      });
    },
  );
});

describe("a parallel target", () => {
  test("moves every group that has not ended, also after a failure", () => {
    expect(planInstance("parallel", groups("failure", "running", "pending", "waiting"))).toEqual({
      active: [1, 2, 3],
      barred: [],
      verdict: null,
    });
  });
});

describe.each(["sequential", "parallel"] as const)("the verdict of a %s target", (type) => {
  test("is success when every group succeeded", () => {
    expect(planInstance(type, groups("success", "success")).verdict).toBe("success");
  });

  test.each(["failure", "skipped", "canceled"] as const)("is failure when one is %s", (status) => {
    expect(planInstance(type, groups("success", status)).verdict).toBe("failure");
  });
});
