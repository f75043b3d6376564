import { InProcessBus } from "@courier/bus";
import { FakeClock } from "@courier/testkit";
import { describe, expect, it } from "vitest";
import { streamBurst, streamHeartbeatMs, streamIntervalMs, streamsMax } from "./limits.ts";
import { LiveStreams, type LiveStream, type WakeReason } from "./live-streams.ts";

function setup(): { bus: InProcessBus; clock: FakeClock; streams: LiveStreams } {
  const bus = new InProcessBus();
  const clock = new FakeClock();
  return { bus, clock, streams: new LiveStreams(bus, clock) };
}

/** Counts the looks of a stream that looks for as long as it is open. */
function watch(stream: LiveStream): WakeReason[] {
  const looks: WakeReason[] = [];
  const look = async (): Promise<void> => {
    while (stream.isOpen) looks.push(await stream.next());
  };
  void look();
  return looks;
}

describe("LiveStream", () => {
  it("wakes up for an announcement that came before the wait", async () => {
    const { bus, streams } = setup();
    const stream = streams.open(["instance.1"]);

    bus.publish("instance.1", {});

    expect(await stream.next()).toBe("changed");
  });

  it("takes any number of announcements as one and keeps its pace", async () => {
    const { bus, clock, streams } = setup();
    const looks = watch(streams.open(["instance.1"]));

    for (let tenth = 0; tenth < 100; tenth += 1) {
      bus.publish("instance.1", {});
      bus.publish("instance.1", {});
      await clock.advance(10);
    }

    expect(looks.length).toBeLessThanOrEqual(1000 / streamIntervalMs + streamBurst + 1);
    expect(looks.length).toBeGreaterThanOrEqual(1000 / streamIntervalMs);
  });

  it("looks again after a heartbeat of silence, in case a wake-up was lost", async () => {
    const { clock, streams } = setup();
    const looks = watch(streams.open(["instance.1"]));

    await clock.advance(streamHeartbeatMs);

    expect(looks).toEqual(["silence"]);
  });

  it("does not listen to other topics", async () => {
    const { bus, clock, streams } = setup();
    const looks = watch(streams.open(["instance.1"]));

    bus.publish("instance.2", {});
    await clock.advance(1000);

    expect(looks).toEqual([]);
  });

  it("ends at once, leaves no timer and is no longer counted", async () => {
    const { bus, clock, streams } = setup();
    const stream = streams.open(["instance.1"]);
    const waiting = stream.next();

    stream.end();
    stream.end();
    await waiting;
    bus.publish("instance.1", {});

    expect(stream.isOpen).toBe(false);
    expect(streams.count).toBe(0);
    expect(clock.pendingCount).toBe(0);
  });
});

describe("LiveStreams", () => {
  it("end together, and no more are opened then", () => {
    const { streams } = setup();
    const opened = [streams.open([]), streams.open([])];

    streams.endAll();

    expect(opened.map((stream) => stream.isOpen)).toEqual([false, false]);
    expect(() => streams.open([])).toThrow("the service is stopping");
  });

  it("have a limit", () => {
    const { streams } = setup();
    for (let count = 0; count < streamsMax; count += 1) streams.open([]);

    expect(() => streams.open([])).toThrow("live streams already");
  });
});
