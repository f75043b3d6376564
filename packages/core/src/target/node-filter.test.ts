import type { FilterConstraints } from "@courier/schema";
import { expect, test } from "vitest";
import { findFilterMistakes } from "./find-filter-mistakes.ts";
import { listAttributes, mergeAttributes } from "./node-facts.ts";
import { compileFilter, type FilterableNode } from "./node-filter.ts";

const node: FilterableNode = {
  attributes: listAttributes({
    agent: { kernel_name: "Linux", primary_ip: "192.168.10.20" },
    tags: { role: "web" },
  }),
  skills: [
    { name: "courier-runner", version: "1.4.2" },
    { name: "chef-platform/shell-interpreter", version: "1.0.0" },
  ],
  enrollmentLevel: "enrolled",
  healthStatus: "online",
};

function attribute(
  name: string,
  operator: "=" | "!=" | "MATCHES" | "CONTAINS",
  ...value: string[]
): FilterConstraints {
  return { attributes: [{ name, operator, value }] };
}

test.each<[boolean, FilterConstraints]>([
  [true, {}],
  [true, attribute("kernel_name", "=", "Linux")],
  [false, attribute("kernel_name", "=", "linux")],
  [true, attribute("kernel_name", "=", "Darwin", "Linux")],
  [false, attribute("kernel_name", "!=", "Darwin", "Linux")],
  [true, attribute("unknown", "!=", "x")],
  [false, attribute("unknown", "=", "x")],
  [true, attribute("primary_ip", "MATCHES", "^192\\.168\\.10\\.(20|30)")],
  [true, attribute("primary_ip", "CONTAINS", "168.10")],
  [false, attribute("primary_ip", "CONTAINS", "168_10")],
  [true, { attributes: [{ name: "role", operator: "=", value: ["web"], namespace: ["tags"] }] }],
  [false, { attributes: [{ name: "role", operator: "=", value: ["web"], namespace: "agent" }] }],
  [true, { attributes: [{ name: "role", operator: "=", value: ["web"], namespace: [] }] }],
  [true, { skills: [{ name: "courier-runner" }] }],
  [true, { skills: [{ name: "courier-runner", version: ["= 1.4.2"] }] }],
  [true, { skills: [{ name: "courier-runner", version: [">= 1.0.0", "< 2"] }] }],
  [false, { skills: [{ name: "courier-runner", version: [">= 1.0.0", "< 1.4"] }] }],
  [false, { skills: [{ name: "courier-runner", version: ["> 1.10"] }] }],
  [false, { skills: [{ name: "unknown" }] }],
  [true, { enrollmentLevel: { operator: "=", value: "enrolled" } }],
  [false, { enrollmentLevel: { operator: "=", value: ["admitted"] } }],
  [true, { healthStatus: { operator: "!=", value: "offline" } }],
  [true, { healthStatus: { operator: "MATCHES", value: "^on" } }],
  [
    false,
    {
      ...attribute("kernel_name", "=", "Linux"),
      healthStatus: { operator: "=", value: "offline" },
    },
  ],
])("says %s to %j", (expected, constraints) => {
  expect(compileFilter(constraints)(node)).toBe(expected);
});

test.each([
  ["1.0.0", "1.0.0-rc.1", 1],
  ["1.0.0-rc.1", "1.0.0", -1],
  ["1.0", "1.0.0+build", 0],
  ["1.10.0", "1.9.9", 1],
])("orders %s and %s", (version, bound, order) => {
  const skill = { ...node, skills: [{ name: "s", version }] };
  const holds = (operator: string): boolean =>
    compileFilter({ skills: [{ name: "s", version: [`${operator} ${bound}`] }] })(skill);

  expect([holds("<"), holds("="), holds(">")]).toEqual([order < 0, order === 0, order > 0]);
});

test("names every mistake that the schema cannot see at its place", () => {
  const mistakes = findFilterMistakes(
    {
      attributes: [{ name: "a", operator: "MATCHES", value: ["fine", "(", "(?=x)", "a\\1"] }],
      skills: [{ name: "s", version: ["~> 1.0", ">= 1"] }],
      enrollmentLevel: { operator: "=", value: ["enroled"] },
      healthStatus: { operator: "!=", value: "down" },
    },
    "/constraints",
  );

  expect(mistakes.map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
    expect.stringContaining("/constraints/attributes/0/value/1 is not a regular expression"),
    expect.stringContaining("/constraints/attributes/0/value/2 is not a regular expression"),
    expect.stringContaining("/constraints/attributes/0/value/3 is not a regular expression"),
    '/constraints/skills/0/version/0 expected a version condition such as ">= 1.0.0" (=, !=, >, >=, <, <=), found "~> 1.0"',
    '/constraints/enrollmentLevel/value/0 expected one of admitted, enrolled, found "enroled"',
    '/constraints/healthStatus/value expected one of online, offline, found "down"',
  ]);
});

test("takes time in proportion to the text, whatever the pattern", () => {
  const texts = [1000, 4000].map((length) => "a".repeat(length));
  const wanted = compileFilter(attribute("a", "MATCHES", "^(a+)+$", "(a|aa)+b", "(a?){50}c"));
  const nodes = texts.map((value) => ({
    ...node,
    attributes: [{ namespace: "agent", name: "a", value: `${value}!` }],
  }));

  expect(nodes.map((each) => wanted(each))).toEqual([false, false]);
});

test("puts what users set in the place of what the node reports", () => {
  const merged = mergeAttributes(
    { agent: { os: "linux" }, tags: { a: "1", b: "2" } },
    { tags: { b: "3" }, own: { c: "4" } },
  );

  expect(merged).toEqual({ agent: { os: "linux" }, tags: { a: "1", b: "3" }, own: { c: "4" } });
});
