import { dayMs } from "./civil-day.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";

/**
 * The same series as a rule of whole days, where an hour, a minute or a second of the rule comes round every day alike
 * (every 15 minutes, not every 7): a day is then one step of the search. Null when no time of any day can match. BYSETPOS
 * chooses among a period's times, so it keeps its periods.
 */
export function inWholeDays(rule: RecurrenceRule): RecurrenceRule | null {
  const seconds = secondsOf[rule.frequency];
  if (seconds === undefined || rule.bySetPos.length > 0) return rule;
  const period = seconds * rule.interval;
  const start = Math.floor((((rule.start % dayMs) + dayMs) % dayMs) / 1000);
  const fields = [
    { unit: 3600, count: 24, listed: rule.byHour, of: Math.floor(start / 3600) },
    { unit: 60, count: 60, listed: rule.byMinute, of: Math.floor(start / 60) % 60 },
    { unit: 1, count: 60, listed: rule.bySecond, of: start % 60 },
  ].map((field) => recurring(field, { seconds, period }));
  const [byHour, byMinute, bySecond] = fields;
  if (!byHour || !byMinute || !bySecond) return rule;
  if (byHour.length * byMinute.length * bySecond.length === 0) return null;
  return { ...rule, frequency: "DAILY", interval: 1, byHour, byMinute, bySecond };
}

const secondsOf: Partial<Record<RecurrenceRule["frequency"], number>> = {
  HOURLY: 3600,
  MINUTELY: 60,
  SECONDLY: 1,
};

/** The field's values that recur in every round of it; null when they differ from round to round. */
function recurring(
  field: {
    readonly unit: number;
    readonly count: number;
    readonly listed: readonly number[];
    readonly of: number;
  },
  { seconds, period }: { readonly seconds: number; readonly period: number },
): readonly number[] | null {
  const { unit, count, listed, of } = field;
  // A field below the frequency: its values are listed, or DTSTART's.
  if (unit < seconds) return listed.length > 0 ? listed : [of];
  const all = Array.from({ length: count }, (_, value) => value);
  const allowed = listed.length > 0 ? listed : all;
  // Periods divide this field's unit: it takes every value.
  if (unit % period === 0) return allowed;
  const step = period / unit;
  if (period % unit !== 0) return null;
  if (count % step === 0) return allowed.filter((value) => (value - of) % step === 0);
  // Periods are whole rounds of this field: it never changes. Days are no field here.
  return unit < 3600 && step % count === 0 ? allowed.filter((value) => value === of) : null;
}
