import fc from "fast-check";
import { expect, test } from "vitest";
import { parseText, substitute } from "./template-text.ts";

const values: Readonly<Record<string, string>> = { A: "one", B: "it's" };
const inA = (text: string): unknown => substitute(text, (name) => values[name]);

test.each([
  ["{{.A}}", "one"],
  ["x{{ .A }}y{{  .A}}", "xoney" + "one"],
  ["echo {{ shellquote .B }}", String.raw`echo 'it'\''s'`],
  ['docker ps --format {{"{{.Names}}"}}', "docker ps --format {{.Names}}"],
  ['{{`{{.A}}`}} {{ `"` }}', '{{.A}} "'],
  ["{{ item }} {{ A }} {{{{.A}}}}", "{{ item }} {{ A }} {{one}}"],
  ["${A} {.A} {{", "${A} {.A} {{"],
])("%s becomes %s", (text, expected) => {
  expect(inA(text)).toEqual({ ok: true, text: expected });
});

test.each(["{{.A.b}}", "{{ .A | upper }}", "{{.}}", "{{- .A }}", "{{ shellquote A }}", "{{.A"])(
  "%s is no variable",
  (text) => {
    expect(inA(text)).toMatchObject({ ok: false, malformed: text });
  },
);

test("names the variable that has no value", () => {
  expect(inA("{{.A}} {{.C}}")).toEqual({ ok: false, name: "C" });
});

test("values are not looked into", () => {
  const text = substitute("{{.A}}", () => "{{.A}}");

  expect(text).toEqual({ ok: true, text: "{{.A}}" });
});

test("text without braces stays as it is, and parsing never fails", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const plain = text.replaceAll("{{", "{");
      expect(inA(plain)).toEqual({ ok: true, text: plain });
    }),
  );
  const soup = fc.array(fc.constantFrom("{{", "}}", ".", "A", " ", '"', "`", "\\", "shellquote"));
  fc.assert(
    fc.property(soup, (tokens) => {
      const text = tokens.join("");
      expect(parseText(text).length).toBeLessThanOrEqual(tokens.length + 1);
    }),
  );
});
