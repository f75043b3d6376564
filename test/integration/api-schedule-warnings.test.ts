import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jobsPath, template, type Answer } from "./api-fixture.ts";
import { at } from "./api-json.ts";
import { daily, JobCaller } from "./job-caller.ts";
import { rulesPath } from "./scheduler-routes.ts";

describe("what is legal and surely not meant", () => {
  let caller: JobCaller;

  beforeEach(async () => {
    caller = await JobCaller.start();
  });

  afterEach(async () => caller.fixture.stop());

  async function change(method: string, path: string, body: object): Promise<Answer> {
    return caller.fixture.send(method, path, { token: caller.admin, body });
  }

  it("is said of a rule that occurs every second, with its place, by validate and plan", async () => {
    const body = { ...template("dense", ["web-1"]), scheduleRule: "CRON:* 0 3 * * *" };

    const validated = await caller.send("POST", `${jobsPath}/validate`, body);
    const planned = await caller.send("POST", `${jobsPath}/plan`, body);
    const added = await caller.send("POST", jobsPath, body);

    const warning = {
      pointer: "/scheduleRule",
      line: 1,
      message: expect.stringContaining("occurs every second at its densest, for ever"),
    };
    expect(at(validated.json, "item", "warnings", 0)).toMatchObject(warning);
    expect(at(planned.json, "item", "warnings", 0)).toMatchObject(warning);
    expect(Object.keys(at(added.json, "item") as object).toSorted()).toEqual([
      "exceptionReasons",
      "id",
      "nextExecutionTime",
    ]);
  });

  it("is said of a global exception that leaves no free minute, and how to undo it", async () => {
    const rrule = "RRULE:FREQ=HOURLY";
    const half = await change("POST", rulesPath, { name: "half", rrule, duration: 30 });
    const id = String(at(half.json, "item", "id"));
    const whole = await change("PUT", `${rulesPath}/${id}`, { rrule, duration: 60 });
    const again = await change("POST", rulesPath, { name: "short", rrule, duration: 1 });
    const planned = await caller.send("POST", `${jobsPath}/plan`, {
      ...template("never", ["web-1"]),
      scheduleRule: daily,
    });

    expect(half.json).not.toHaveProperty("warnings");
    expect(at(whole.json, "warnings", 0)).toEqual({
      pointer: "/rrule",
      message: expect.stringMatching(
        new RegExp(
          `^with this rule no job starts any more from .* delete-rule --ruleId ${id}$`,
          "u",
        ),
      ),
    });
    expect(at(again.json, "warnings", 0, "message")).toContain("no job starts any more");
    expect(at(planned.json, "item", "schedule", "estimates")).toEqual([]);
    expect(at(planned.json, "item", "warnings", 0)).toMatchObject({
      pointer: "/scheduleRule",
      message: expect.stringMatching(
        /^nothing of it would run: every time in sight is blocked \(\d+, up to .*\), by global exception "half"/,
      ),
    });
  });
});
