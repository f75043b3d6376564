"""The second implementation: python-dateutil expands rules, zoneinfo turns local times into instants.

Reads one JSON array of {"rule", "start", "zone", "from", "until", "max"} on stdin, where the times are naive ISO local times,
and writes one array with, for each case, the local times in [from, until], at most `max`: {"local", "first", "second", "gap"}. `first` is the instant (Unix seconds) of the first showing, or of the end of the gap; `second` of the second, or null.
"""

import calendar as calendar_module
import datetime as datetime_module
import json
import sys
from datetime import datetime, timedelta, timezone
from itertools import islice, takewhile
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import dateutil.rrule
from dateutil.rrule import rrulestr

# dateutil looks for a rule that never matches up to the year 9999, UNTIL or not, which would take it hours: it is stopped
# where it asks how long a month after UNTIL is, or in the year after it.
patched_datetime = SimpleNamespace(**vars(datetime_module))
patched_calendar = SimpleNamespace(**vars(calendar_module))
dateutil.rrule.datetime = patched_datetime
dateutil.rrule.calendar = patched_calendar


class Ended(Exception):
    pass


EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def seconds(local, zone, fold):
    return int((local.replace(tzinfo=zone, fold=fold) - EPOCH).total_seconds())


def shows(instant, zone, local):
    return (EPOCH + timedelta(seconds=instant)).astimezone(zone).replace(tzinfo=None) == local


def gap_end(local, zone):
    """The first second that shows a later time than `local`."""
    low, high = seconds(local, zone, 0) - 90000, seconds(local, zone, 1) + 90000
    while high - low > 1:
        middle = (low + high) // 2
        if (EPOCH + timedelta(seconds=middle)).astimezone(zone).replace(tzinfo=None) > local:
            high = middle
        else:
            low = middle
    return high


def described(local, zone):
    first, second = seconds(local, zone, 0), seconds(local, zone, 1)
    is_gap = not shows(first, zone, local)
    return {
        "local": local.isoformat(),
        "first": gap_end(local, zone) if is_gap else first,
        "second": None if is_gap or first == second else second,
        "gap": is_gap,
    }


def times_of(case, until):
    def month_range(year, month):
        if (year, month) > (until.year, until.month):
            raise Ended
        return calendar_module.monthrange(year, month)

    patched_datetime.MAXYEAR = until.year
    patched_calendar.monthrange = month_range
    try:
        rule = rrulestr(case["rule"], dtstart=datetime.fromisoformat(case["start"]))
        yield from takewhile(lambda time: time <= until, rule)
    except Ended:
        return
    except ValueError as error:
        # dateutil's way to say that BYHOUR, BYMINUTE and BYSECOND never meet the interval.
        if "empty set" not in str(error) and "Invalid combination" not in str(error):
            raise


def expanded(case):
    zone = ZoneInfo(case["zone"])
    since, until = datetime.fromisoformat(case["from"]), datetime.fromisoformat(case["until"])
    times = (time for time in times_of(case, until) if time >= since)
    return [described(time, zone) for time in islice(times, case["max"])]


json.dump([expanded(case) for case in json.load(sys.stdin)], sys.stdout)
