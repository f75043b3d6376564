/** Zones of all kinds of clock changes: north, south, half hours, Ramadan, date line, none, and two aliases. */
export const zones = [
  ...["UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Moscow"],
  ...["Europe/Istanbul", "Europe/Chisinau", "Atlantic/Azores", "America/New_York"],
  ...["America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"],
  ...["America/Anchorage", "America/Halifax", "America/St_Johns", "America/Havana"],
  ...["America/Caracas", "America/Sao_Paulo", "America/Santiago", "America/Argentina/Buenos_Aires"],
  ...["Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Asia/Jerusalem", "Asia/Beirut"],
  ...["Asia/Tehran", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Asia/Pyongyang"],
  ...["Australia/Sydney", "Australia/Lord_Howe", "Australia/Eucla", "Pacific/Auckland"],
  ...["Pacific/Chatham", "Pacific/Apia", "US/Pacific", "Asia/Calcutta"],
] as const;

/** A change of a zone's clocks. */
export interface ClockChange {
  readonly zone: string;
  /** The first instant (Unix ms) with the new offset. */
  readonly at: number;
  /** Local time minus UTC, ms. */
  readonly before: number;
  readonly after: number;
}

/** The changes between two instants (Unix ms), ascending, as the platform tells them; `stepMs` is how closely it is asked. */
export function clockChanges(
  zone: string,
  between: { readonly from: number; readonly to: number; readonly stepMs: number },
): ClockChange[] {
  const changes: ClockChange[] = [];
  const offsetAt = offsetsOf(zone);
  for (let low = between.from; low < between.to; low += between.stepMs) {
    const high = low + between.stepMs;
    const [before, after] = [offsetAt(low), offsetAt(high)];
    if (before === after) continue;
    let [unchanged, at] = [low, high];
    while (at - unchanged > 1_000) {
      const middle = Math.floor((unchanged + at) / 2_000) * 1_000;
      if (offsetAt(middle) === before) unchanged = middle;
      else at = middle;
    }
    changes.push({ zone, at, before, after });
  }
  return changes;
}

function offsetsOf(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  return (instant) => {
    const name = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value;
    const [, sign, hours = 0, minutes = 0] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name ?? "") ?? [];
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  };
}
