import { describe, expect, test } from "vitest";
import { InProcessBus } from "./in-process-bus.ts";

function setup() {
  const bus = new InProcessBus();
  const heard: string[] = [];
  const listen = (topic: string, name: string) =>
    bus.subscribe(topic, (message) => heard.push(`${name}: ${String(message)}`));
  return { bus, heard, listen };
}

describe("publish", () => {
  test("has called every subscriber of the topic when it returns", () => {
    const { bus, heard, listen } = setup();
    listen("a", "one");
    listen("a", "two");
    listen("b", "three");

    bus.publish("a", "hello");

    expect(heard).toEqual(["one: hello", "two: hello"]);
  });

  test("keeps the order of messages", () => {
    const { bus, heard, listen } = setup();
    listen("a", "one");

    for (const message of ["1", "2", "3"]) bus.publish("a", message);

    expect(heard).toEqual(["one: 1", "one: 2", "one: 3"]);
  });

  test("is lost when nobody listens", () => {
    const { bus, heard, listen } = setup();

    bus.publish("a", "early");
    listen("a", "one");

    expect(heard).toEqual([]);
  });

  test("reaches who unsubscribes another subscriber meanwhile", () => {
    const { bus, heard, listen } = setup();
    bus.subscribe("a", () => unsubscribe());
    const unsubscribe = listen("a", "one");
    listen("a", "two");

    bus.publish("a", "hello");
    bus.publish("a", "again");

    expect(heard).toEqual(["one: hello", "two: hello", "two: again"]);
  });

  test("does not reach who subscribes meanwhile", () => {
    const { bus, heard, listen } = setup();
    const unsubscribe = bus.subscribe("a", () => {
      unsubscribe();
      listen("a", "late");
    });

    bus.publish("a", "first");
    expect(heard).toEqual([]);
    bus.publish("a", "second");

    expect(heard).toEqual(["late: second"]);
  });
});

describe("unsubscribing", () => {
  test("ends one subscription only, however often it is called", () => {
    const { bus, heard, listen } = setup();
    const unsubscribe = listen("a", "one");
    listen("a", "two");

    unsubscribe();
    unsubscribe();
    bus.publish("a", "hello");

    expect(heard).toEqual(["two: hello"]);
  });

  test("late does not end a subscription that was made since", () => {
    const { bus, heard, listen } = setup();
    const unsubscribe = listen("a", "one");
    unsubscribe();
    listen("a", "two");

    unsubscribe();
    bus.publish("a", "hello");

    expect(heard).toEqual(["two: hello"]);
  });
});

test("a closed bus calls nobody", async () => {
  const { bus, heard, listen } = setup();
  listen("a", "one");

  await bus.close();
  bus.publish("a", "hello");

  expect(heard).toEqual([]);
});
