import { occurrencesAfter, parseSchedule, type Occurrence } from "@courier/core";
import { describe, expect, it } from "vitest";
import { clockChanges, zones, type ClockChange } from "./schedule-zones.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const decade = { from: Date.UTC(2016, 0), to: Date.UTC(2026, 0), stepMs: 2 * dayMs };
const changes = zones.flatMap((zone) => clockChanges(zone, decade));
const forward = changes.filter(({ before, after }) => after > before);
const back = changes.filter(({ before, after }) => after < before);

it("the decade has changes of both kinds to show", () => {
  expect(zones).toHaveLength(40);
  expect(forward.length).toBeGreaterThan(200);
  expect(back.length).toBeGreaterThan(200);
});

describe.each(["RRULE", "CRON"] as const)(
  "by %s, at every clock change of 40 zones in 10 years",
  (kind) => {
    it("a time that does not exist fires once, at the first valid instant", () => {
      const wrong = forward.flatMap((change) =>
        within(change.at + change.before, change.at + change.after).flatMap((local) => {
          const found = around(change, timeOfDay(kind, local));
          const expected = [local - change.before - dayMs, change.at, local - change.after + dayMs];
          const isNoted = found[1]?.note.includes(`does not exist in ${change.zone}`) === true;
          return isNoted && sameTimes(found, expected) ? [] : [described(change, local, found)];
        }),
      );

      expect(wrong).toEqual([]);
    });

    it("a time that occurs twice fires once, at the first", () => {
      const wrong = back.flatMap((change) =>
        within(change.at + change.after, change.at + change.before).flatMap((local) => {
          const found = around(change, timeOfDay(kind, local));
          const expected = [
            local - change.before - dayMs,
            local - change.before,
            local - change.after + dayMs,
          ];
          const isNoted = found[1]?.note.includes(`occurs twice in ${change.zone}`) === true;
          return isNoted && sameTimes(found, expected) ? [] : [described(change, local, found)];
        }),
      );

      expect(wrong).toEqual([]);
    });

    it("a rule that goes through every hour neither pauses nor repeats itself", () => {
      const text = kind === "CRON" ? "CRON:*/15 * * * *" : "RRULE:FREQ=MINUTELY;INTERVAL=15";
      const wrong = changes.flatMap((change) => {
        const [from, to] = [change.at - 3 * hourMs, change.at + 3 * hourMs];
        const found = occurrences(change.zone, { text, from, to });
        const expected = Array.from({ length: 24 }, (_, n) => from + (n + 1) * 900_000);
        return sameTimes(found, expected) ? [] : [described(change, 0, found)];
      });

      expect(wrong).toEqual([]);
    });

    it("asking from any moment gives the same future", () => {
      const text = kind === "CRON" ? "CRON:*/20 * * * *" : "RRULE:FREQ=MINUTELY;INTERVAL=20";
      const wrong = changes.filter(({ zone, at }) => {
        const [from, to] = [at - 2 * hourMs, at + 2 * hourMs];
        const all = occurrences(zone, { text, from, to }).map((each) => each.at);
        return Array.from({ length: 8 }, (_, n) => from + n * 1_500_000 + 1).some((moment) => {
          const later = occurrences(zone, { text, from: moment, to });
          return !sameTimes(
            later,
            all.filter((instant) => instant > moment),
          );
        });
      });

      expect(wrong).toEqual([]);
    });
  },
);

/** The first, a middle and the last second of a range of local times. */
function within(low: number, high: number): number[] {
  return [low, Math.floor((low + high) / 2_000) * 1_000 + 1_000, high - 1_000];
}

function timeOfDay(kind: "RRULE" | "CRON", local: number): string {
  const time = new Date(local);
  const [hour, minute, second] = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()];
  return kind === "CRON"
    ? `CRON:${second} ${minute} ${hour} * * *`
    : `RRULE:FREQ=DAILY;BYHOUR=${hour};BYMINUTE=${minute};BYSECOND=${second}`;
}

/** Three days: the one before the change, its own, the one after. */
function around(change: ClockChange, text: string): Occurrence[] {
  const { zone, at } = change;
  return occurrences(zone, { text, from: at - 1.5 * dayMs, to: at + 1.5 * dayMs });
}

function occurrences(
  zone: string,
  asked: { readonly text: string; readonly from: number; readonly to: number },
): Occurrence[] {
  const parsed = parseSchedule(asked.text, { timeZone: zone, anchor: decade.from - dayMs });
  if (!parsed.ok) throw new Error(parsed.message);
  const found: Occurrence[] = [];
  for (const occurrence of occurrencesAfter(parsed.schedule, asked.from)) {
    if (occurrence.at > asked.to) break;
    found.push(occurrence);
  }
  return found;
}

function sameTimes(found: readonly Occurrence[], expected: readonly number[]): boolean {
  return found.length === expected.length && found.every(({ at }, n) => at === expected[n]);
}

function described(change: ClockChange, local: number, found: readonly Occurrence[]): string {
  const times = found.map(({ at }) => new Date(at).toISOString());
  return `${change.zone} at ${new Date(change.at).toISOString()}, ${new Date(local).toISOString()}: ${times.join(" ")}`;
}
