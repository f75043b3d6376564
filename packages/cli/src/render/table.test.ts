import { describe, expect, it } from "vitest";

import { renderItem, renderTable, type Column } from "./table.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly count: number;
}

const columns: readonly Column<Row>[] = [
  { header: "id", value: (row) => row.id },
  { header: "name", value: (row) => row.name, isShrinkable: true },
  { header: "count", value: (row) => row.count, isNumber: true },
];

const plain = { width: undefined, paint: (text: string) => text };

describe("renderTable", () => {
  it("aligns columns, numbers to the right", () => {
    const rows = [
      { id: "a", name: "short", count: 7 },
      { id: "bbb", name: "a longer name", count: 1234567 },
    ];

    expect(renderTable(rows, columns, plain)).toBe(
      "ID   NAME             COUNT\n" +
        "a    short                7\n" +
        "bbb  a longer name  1234567\n",
    );
  });

  it("cuts shrinkable columns, and only them, to the terminal's width", () => {
    const rows = [{ id: "0123456789", name: "abcdefghijklmnopqrstuvwxyz", count: 1 }];

    const lines = renderTable(rows, columns, { ...plain, width: 32 }).split("\n");

    expect(lines[1]).toBe("0123456789  abcdefghijkl…      1");
    expect(lines.every((line) => line.length <= 32)).toBe(true);
  });

  it("counts wide characters as two columns", () => {
    const rows = [
      { id: "日本", name: "x", count: 1 },
      { id: "abcd", name: "y", count: 2 },
    ];

    expect(renderTable(rows, columns, plain).split("\n").slice(1)).toEqual([
      "日本  x         1",
      "abcd  y         2",
      "",
    ]);
  });

  it("does not let stored text steer the terminal", () => {
    const rows = [{ id: "a", name: "\u001b[31mred\u0007\nnext\u202e", count: 1 }];

    expect(renderTable(rows, columns, plain)).toContain("·[31mred·⏎next·");
  });

  it("shows the header of an empty list", () => {
    expect(renderTable([], columns, plain)).toBe("ID  NAME  COUNT\n");
  });

  it("colours a status by what it says", () => {
    const statusColumns: readonly Column<{ readonly status: string }>[] = [
      { header: "status", value: (row) => row.status, isStatus: true },
    ];
    const paint = (text: string, status: string): string => `<${status}>${text}</>`;

    expect(renderTable([{ status: "failure" }], statusColumns, { ...plain, paint })).toBe(
      "<strong>STATUS</>\n<failure>failure</>\n",
    );
  });
});

describe("renderItem", () => {
  it("prints one line per value and leaves empty ones out", () => {
    expect(renderItem({ id: "a", name: "", count: 3 }, columns, plain)).toBe(
      "id     a\ncount  3\n",
    );
  });
});
