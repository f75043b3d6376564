import { expect, test } from "vitest";
import { explainStart, type JobStanding } from "./explain-start.ts";

const now = 1000;
const idle: JobStanding = {
  status: "active",
  now,
  nextAt: 5000,
  blockedBy: "",
  queuedAt: null,
  held: undefined,
  isInstanceOpen: false,
};

test.each<{ readonly what: string; readonly job: Partial<JobStanding>; readonly kinds: string[] }>([
  { what: "waits for its next occurrence", job: {}, kinds: ["schedule"] },
  { what: "is about to start", job: { nextAt: now }, kinds: [] },
  { what: "is held by a freeze", job: { blockedBy: "freeze" }, kinds: ["freeze"] },
  { what: "has nothing free in sight", job: { nextAt: null }, kinds: ["blocked"] },
  { what: "is inactive", job: { status: "inactive" }, kinds: ["inactive"] },
  { what: "is over", job: { status: "completed", nextAt: null }, kinds: ["over"] },
  {
    what: "has an occurrence behind an open instance",
    job: { queuedAt: 900, isInstanceOpen: true },
    kinds: ["overlap", "schedule"],
  },
  {
    what: "has an occurrence whose instance has just ended",
    job: {
      status: "completed",
      nextAt: null,
      queuedAt: 900,
      held: { notBefore: null, reason: "" },
    },
    kinds: [],
  },
  {
    what: "has a manual start in a freeze",
    job: { status: "completed", nextAt: null, held: { notBefore: 2000, reason: "freeze" } },
    kinds: ["freeze"],
  },
])("a job that $what", ({ job, kinds }) => {
  expect(explainStart({ ...idle, ...job }).map(({ kind }) => kind)).toEqual(kinds);
});
