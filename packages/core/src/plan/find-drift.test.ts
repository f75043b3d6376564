import type { CanonicalJob } from "@courier/schema";
import { describe, expect, test } from "vitest";
import { canonicaliseTemplate } from "../template/canonicalise.ts";
import { findDrift } from "./find-drift.ts";

function job(
  more: { name?: string; lines?: readonly string[]; groups?: number } = {},
): CanonicalJob {
  return canonicaliseTemplate({
    name: more.name ?? "job",
    scheduleRule: "immediate",
    target: {
      groups: Array.from({ length: more.groups ?? 2 }, () => ({
        nodeListType: "nodes" as const,
        nodeIdentifiers: ["a"],
      })),
    },
    actions: {
      steps: [
        {
          name: "step",
          interpreter: { name: "chef-platform/shell-interpreter" },
          command: { linux: [...(more.lines ?? ["true"])] },
        },
      ],
    },
  });
}

const nameOf = (id: string): string => `web-${id}`;

describe("drift", () => {
  test("is none when everything is as planned", () => {
    const planned = { job: job(), targets: [["a", "b"], ["c"]] };

    expect(findDrift(planned, planned, nameOf)).toEqual([]);
  });

  test("names the nodes that came and went, by group", () => {
    const planned = { job: job(), targets: [["a", "b"], ["c"]] };
    const present = { job: job(), targets: [["a", "c", "d"], ["c"]] };

    expect(findDrift(planned, present, nameOf)).toEqual([
      {
        pointer: "/target/groups/0",
        message: "2 nodes added: web-c, web-d; 1 node removed: web-b",
      },
    ]);
  });

  test("lists a few of many nodes", () => {
    const many = Array.from({ length: 2000 }, (_, index) => `${index}`);

    const [change] = findDrift(
      { job: job(), targets: [[], []] },
      { job: job(), targets: [many, []] },
      nameOf,
    );

    expect(change?.message).toBe(
      "2000 nodes added: web-0, web-1, web-2, web-3, web-4 and 1995 more",
    );
  });

  test("tells another order from other nodes", () => {
    const planned = { job: job(), targets: [["a", "b"], []] };
    const present = { job: job(), targets: [["b", "a"], []] };

    expect(findDrift(planned, present, nameOf)).toEqual([
      {
        pointer: "/target/groups/0",
        message: "the same nodes in another order: their batches are other ones",
      },
    ]);
  });

  test("names the fields of the template that differ, those that are new and those that are gone", () => {
    const planned = { job: job({ lines: ["true", "false"] }), targets: [[], []] };
    const present = { job: job({ name: "other", lines: ["true"], groups: 1 }), targets: [[]] };

    const pointers = findDrift(planned, present, nameOf).map(({ pointer }) => pointer);

    expect(pointers).toEqual(["/actions/steps/0/command/linux/1", "/name", "/target/groups/1"]);
  });
});
