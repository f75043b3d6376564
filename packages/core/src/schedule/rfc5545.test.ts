import { expect, test } from "vitest";
import { occurrencesAfter, parseSchedule } from "./schedule.ts";

/**
 * Every recurrence example of RFC 5545 section 3.8.5.3, in its order and its notation: a year, a zone abbreviation, and days of
 * months; 9:00 unless `at` says otherwise. A trailing `...` marks a list that goes on; the others are complete. Rules, starts and
 * figures were compared with the text of the RFC by a program; one rule differs, by the verified erratum 3883. Where the RFC
 * leaves figures out ("6,8...24,26", "10:20, ... 16:00") they are written out.
 */
const examples: readonly (readonly [title: string, rule: string, list: string, start?: string])[] =
  [
    ["daily for 10 occurrences", "FREQ=DAILY;COUNT=10", "1997 EDT Sep 2-11"],
    [
      "daily until December 24, 1997",
      "FREQ=DAILY;UNTIL=19971224T000000Z",
      "1997 EDT Sep 2-30 Oct 1-25 EST Oct 26-31 Nov 1-30 Dec 1-23",
    ],
    [
      "every other day - forever",
      "FREQ=DAILY;INTERVAL=2",
      "1997 EDT Sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 Oct 2,4,6,8,10,12,14,16,18,20,22,24 EST Oct 26,28,30 Nov 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29 Dec 1,3 ...",
    ],
    [
      "every 10 days, 5 occurrences",
      "FREQ=DAILY;INTERVAL=10;COUNT=5",
      "1997 EDT Sep 2,12,22 Oct 2,12",
    ],
    [
      "every day in January, for 3 years, as YEARLY",
      "FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
      "1998 EST Jan 1-31 1999 EST Jan 1-31 2000 EST Jan 1-31",
      "DTSTART;TZID=America/New_York:19980101T090000",
    ],
    [
      "every day in January, for 3 years, as DAILY",
      "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1",
      "1998 EST Jan 1-31 1999 EST Jan 1-31 2000 EST Jan 1-31",
      "DTSTART;TZID=America/New_York:19980101T090000",
    ],
    [
      "weekly for 10 occurrences",
      "FREQ=WEEKLY;COUNT=10",
      "1997 EDT Sep 2,9,16,23,30 Oct 7,14,21 EST Oct 28 Nov 4",
    ],
    [
      "weekly until December 24, 1997",
      "FREQ=WEEKLY;UNTIL=19971224T000000Z",
      "1997 EDT Sep 2,9,16,23,30 Oct 7,14,21 EST Oct 28 Nov 4,11,18,25 Dec 2,9,16,23",
    ],
    [
      "every other week - forever",
      "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
      "1997 EDT Sep 2,16,30 Oct 14 EST Oct 28 Nov 11,25 Dec 9,23 1998 EST Jan 6,20 Feb 3,17 ...",
    ],
    [
      "weekly on Tuesday and Thursday for five weeks, by UNTIL",
      "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
      "1997 EDT Sep 2,4,9,11,16,18,23,25,30 Oct 2",
    ],
    [
      "weekly on Tuesday and Thursday for five weeks, by COUNT",
      "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
      "1997 EDT Sep 2,4,9,11,16,18,23,25,30 Oct 2",
    ],
    [
      "every other week on Monday, Wednesday, and Friday until December 24, 1997",
      "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
      "1997 EDT Sep 1,3,5,15,17,19,29 Oct 1,3,13,15,17 EST Oct 27,29,31 Nov 10,12,14,24,26,28 Dec 8,10,12,22",
      "DTSTART;TZID=America/New_York:19970901T090000",
    ],
    [
      "every other week on Tuesday and Thursday, for 8 occurrences",
      "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
      "1997 EDT Sep 2,4,16,18,30 Oct 2,14,16",
    ],
    [
      "monthly on the first Friday for 10 occurrences",
      "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
      "1997 EDT Sep 5 Oct 3 EST Nov 7 Dec 5 1998 EST Jan 2 Feb 6 Mar 6 Apr 3 EDT May 1 Jun 5",
      "DTSTART;TZID=America/New_York:19970905T090000",
    ],
    [
      "monthly on the first Friday until December 24, 1997",
      "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
      "1997 EDT Sep 5 Oct 3 EST Nov 7 Dec 5",
      "DTSTART;TZID=America/New_York:19970905T090000",
    ],
    [
      "every other month on the first and last Sunday of the month for 10 occurrences",
      "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
      "1997 EDT Sep 7,28 EST Nov 2,30 1998 EST Jan 4,25 Mar 1,29 EDT May 3,31",
      "DTSTART;TZID=America/New_York:19970907T090000",
    ],
    [
      "monthly on the second-to-last Monday of the month for 6 months",
      "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
      "1997 EDT Sep 22 Oct 20 EST Nov 17 Dec 22 1998 EST Jan 19 Feb 16",
      "DTSTART;TZID=America/New_York:19970922T090000",
    ],
    [
      "monthly on the third-to-the-last day of the month, forever",
      "FREQ=MONTHLY;BYMONTHDAY=-3",
      "1997 EDT Sep 28 EST Oct 29 Nov 28 Dec 29 1998 EST Jan 29 Feb 26 ...",
      "DTSTART;TZID=America/New_York:19970928T090000",
    ],
    [
      "monthly on the 2nd and 15th of the month for 10 occurrences",
      "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
      "1997 EDT Sep 2,15 Oct 2,15 EST Nov 2,15 Dec 2,15 1998 EST Jan 2,15",
    ],
    [
      "monthly on the first and last day of the month for 10 occurrences",
      "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
      "1997 EDT Sep 30 Oct 1 EST Oct 31 Nov 1,30 Dec 1,31 1998 EST Jan 1,31 Feb 1",
      "DTSTART;TZID=America/New_York:19970930T090000",
    ],
    [
      "every 18 months on the 10th thru 15th of the month for 10 occurrences",
      "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
      "1997 EDT Sep 10-15 1999 EST Mar 10-13",
      "DTSTART;TZID=America/New_York:19970910T090000",
    ],
    [
      "every Tuesday, every other month",
      "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
      "1997 EDT Sep 2,9,16,23,30 EST Nov 4,11,18,25 1998 EST Jan 6,13,20,27 Mar 3,10,17,24,31 ...",
    ],
    [
      "yearly in June and July for 10 occurrences",
      "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
      "1997 EDT Jun 10 Jul 10 1998 EDT Jun 10 Jul 10 1999 EDT Jun 10 Jul 10 2000 EDT Jun 10 Jul 10 2001 EDT Jun 10 Jul 10",
      "DTSTART;TZID=America/New_York:19970610T090000",
    ],
    [
      "every other year on January, February, and March for 10 occurrences",
      "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
      "1997 EST Mar 10 1999 EST Jan 10 Feb 10 Mar 10 2001 EST Jan 10 Feb 10 Mar 10 2003 EST Jan 10 Feb 10 Mar 10",
      "DTSTART;TZID=America/New_York:19970310T090000",
    ],
    [
      "every third year on the 1st, 100th, and 200th day for 10 occurrences",
      "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
      "1997 EST Jan 1 EDT Apr 10 Jul 19 2000 EST Jan 1 EDT Apr 9 Jul 18 2003 EST Jan 1 EDT Apr 10 Jul 19 2006 EST Jan 1",
      "DTSTART;TZID=America/New_York:19970101T090000",
    ],
    [
      "every 20th Monday of the year, forever",
      "FREQ=YEARLY;BYDAY=20MO",
      "1997 EDT May 19 1998 EDT May 18 1999 EDT May 17 ...",
      "DTSTART;TZID=America/New_York:19970519T090000",
    ],
    [
      "Monday of week number 20 (where the default start of the week is Monday), forever",
      "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
      "1997 EDT May 12 1998 EDT May 11 1999 EDT May 17 ...",
      "DTSTART;TZID=America/New_York:19970512T090000",
    ],
    [
      "every Thursday in March, forever",
      "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
      "1997 EST Mar 13,20,27 1998 EST Mar 5,12,19,26 1999 EST Mar 4,11,18,25 ...",
      "DTSTART;TZID=America/New_York:19970313T090000",
    ],
    [
      "every Thursday, but only during June, July, and August, forever",
      "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
      "1997 EDT Jun 5,12,19,26 Jul 3,10,17,24,31 Aug 7,14,21,28 1998 EDT Jun 4,11,18,25 Jul 2,9,16,23,30 Aug 6,13,20,27 1999 EDT Jun 3,10,17,24 Jul 1,8,15,22,29 Aug 5,12,19,26 ...",
      "DTSTART;TZID=America/New_York:19970605T090000",
    ],
    [
      "every Friday the 13th, forever (the RFC leaves DTSTART out by EXDATE)",
      "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
      "1998 EST Feb 13 Mar 13 Nov 13 1999 EDT Aug 13 2000 EDT Oct 13 ...",
    ],
    [
      "the first Saturday that follows the first Sunday of the month, forever",
      "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
      "1997 EDT Sep 13 Oct 11 EST Nov 8 Dec 13 1998 EST Jan 10 Feb 7 Mar 7 EDT Apr 11 May 9 Jun 13 ...",
      "DTSTART;TZID=America/New_York:19970913T090000",
    ],
    [
      "every 4 years, the first Tuesday after a Monday in November, forever (U.S. Presidential Election day)",
      "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
      "1996 EST Nov 5 2000 EST Nov 7 2004 EST Nov 2 ...",
      "DTSTART;TZID=America/New_York:19961105T090000",
    ],
    [
      "the third instance into the month of one of Tuesday, Wednesday, or Thursday, for the next 3 months",
      "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
      "1997 EDT Sep 4 Oct 7 EST Nov 6",
      "DTSTART;TZID=America/New_York:19970904T090000",
    ],
    [
      "the second-to-last weekday of the month",
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
      "1997 EDT Sep 29 EST Oct 30 Nov 27 Dec 30 1998 EST Jan 29 Feb 26 Mar 30 ...",
      "DTSTART;TZID=America/New_York:19970929T090000",
    ],
    [
      // The RFC says UNTIL=19970902T170000Z, which is 13:00 in New York; the verified erratum 3883 (rfc-editor.org/errata/eid3883)
      // corrects it to 21:00 UTC, so that the times that the RFC lists are right.
      "every 3 hours from 9:00 AM to 5:00 PM on a specific day",
      "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z",
      "1997 EDT Sep 2 at 09:00,12:00,15:00",
    ],
    [
      "every 15 minutes for 6 occurrences",
      "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
      "1997 EDT Sep 2 at 09:00,09:15,09:30,09:45,10:00,10:15",
    ],
    [
      "every hour and a half for 4 occurrences",
      "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
      "1997 EDT Sep 2 at 09:00,10:30,12:00,13:30",
    ],
    ...[
      "FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
      "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
    ].map(
      (rule) =>
        [
          `every 20 minutes from 9:00 AM to 4:40 PM every day, as ${rule.slice(5, 10)}`,
          rule,
          "1997 EDT Sep 2,3 at 09:00,09:20,09:40,10:00,10:20,10:40,11:00,11:20,11:40,12:00,12:20,12:40,13:00,13:20,13:40,14:00,14:20,14:40,15:00,15:20,15:40,16:00,16:20,16:40 ...",
        ] as const,
    ),
    [
      "an example where the days generated makes a difference because of WKST, Monday",
      "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
      "1997 EDT Aug 5,10,19,24",
      "DTSTART;TZID=America/New_York:19970805T090000",
    ],
    [
      "changing only WKST from MO to SU, yields different results",
      "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
      "1997 EDT Aug 5,17,19,31",
      "DTSTART;TZID=America/New_York:19970805T090000",
    ],
    [
      "an example where an invalid date (i.e., February 30) is ignored",
      "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
      "2007 EST Jan 15,30 Feb 15 EDT Mar 15,30",
      "DTSTART;TZID=America/New_York:20070115T090000",
    ],
  ];

test.each(examples)("RFC 5545: %s", (...[, rule, list = "", start = newYorkStart]) => {
  const parsed = parseSchedule(`${start}\nRRULE:${rule}`, { timeZone: "UTC", anchor: 0 });
  if (!parsed.ok) throw new Error(parsed.message);
  const { instants, goesOn } = instantsOf(list);

  const found: string[] = [];
  for (const { at } of occurrencesAfter(parsed.schedule, Date.parse("1990-01-01T00:00:00Z"))) {
    if (found.push(new Date(at).toISOString()) > instants.length) break;
  }

  expect(found.slice(0, instants.length)).toEqual(instants);
  expect(found.length > instants.length).toBe(goesOn);
});

const newYorkStart = "DTSTART;TZID=America/New_York:19970902T090000";

const utcHours: Record<string, number> = { EDT: 4, EST: 5 };

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Reads the notation of the table. */
function instantsOf(list: string): { readonly instants: string[]; readonly goesOn: boolean } {
  const [dates = "", rest = ""] = list.split(" at ");
  const times = rest === "" ? ["09:00"] : rest.replace(" ...", "").split(",");
  let [year, month, hours] = [0, 0, 0];
  const instants: string[] = [];
  for (const word of dates.replace(" ...", "").split(" ")) {
    if (/^\d{4}$/.test(word)) year = Number(word);
    else if (word in utcHours) hours = utcHours[word] ?? 0;
    else if (months.includes(word)) month = months.indexOf(word);
    else {
      const days = daysOf(word).flatMap((day) => times.map((time) => `${day} ${time}`));
      instants.push(...days.map((each) => instantOf(each, { year, month, hours })));
    }
  }
  return { instants, goesOn: list.endsWith("...") };
}

function instantOf(
  dayAndTime: string,
  { year, month, hours }: { readonly year: number; readonly month: number; readonly hours: number },
): string {
  const [day = 0, hour = 0, minute = 0] = dayAndTime.split(/[ :]/).map(Number);
  return new Date(Date.UTC(year, month, day, hour + hours, minute)).toISOString();
}

/** `2-4,9` as 2, 3, 4, 9. */
function daysOf(word: string): number[] {
  return word.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
