import { expect, test } from "vitest";
import { readShown, showOutputs, shownValuesLengthMax } from "./show-values.ts";

const plain = (text: string): { text: string; isSensitive: boolean } => ({
  ...{ text, isSensitive: false },
});

test("shows nothing as an empty text, as the original does", () => {
  expect(showOutputs({})).toBe("");
});

test("what is shown whole can be read again, what is masked or long cannot", () => {
  const shown = showOutputs({
    A: plain("false\n"),
    T: { text: "secret", isSensitive: true },
    L: plain("x".repeat(2000)),
  });

  expect(shown).toBe(String.raw`{"A":"false\n","T":"***","L":{"characters":2000}}`);
  expect(readShown(shown)).toEqual({ values: { A: "false\n" }, lost: ["T", "L"] });
});

test("counts what finds no room, and stays JSON", () => {
  const many = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`N${index}`, plain("y".repeat(1000))]),
  );

  const shown = showOutputs(many);

  expect(shown.length).toBeLessThan(shownValuesLengthMax + 30);
  expect(JSON.parse(shown)).toMatchObject({ "…": "84 more" });
});
