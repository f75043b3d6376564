import { columnWidthMin } from "../limits.ts";
import type { Paint } from "./color.ts";
import { cutText, textWidth, visibleText } from "./text-width.ts";

/** One column of a list, or one row of a single item. */
export interface Column<Item> {
  readonly header: string;
  readonly value: (item: Item) => string | number | boolean | null | undefined;
  /** May be cut to fit a terminal. Ids never are: they are there to be copied. */
  readonly isShrinkable?: true;
  readonly isNumber?: true;
  /** Coloured by what it says. */
  readonly isStatus?: true;
}

/** Where a table goes. `width` is the terminal's; undefined in a pipe, where nothing is cut. */
export interface TableTarget {
  readonly width: number | undefined;
  readonly paint: Paint;
}

/** A list as aligned columns. */
export function renderTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
  target: TableTarget,
): string {
  const rows = items.map((item) => columns.map((column) => cellText(column.value(item))));
  const widths = fitWidths(columns, rows, target.width);
  const header = columns.map((column) => column.header.toUpperCase());
  const lines = [
    joinCells(
      header.map((text, index) => alignCell(text, columns[index], widths[index] ?? 0)),
      (cell) => target.paint(cell, "strong"),
    ),
    ...rows.map((row) =>
      row
        .map((text, index) => {
          const column = columns[index];
          const cell = alignCell(text, column, widths[index] ?? 0);
          return column?.isStatus === true ? target.paint(cell, text) : cell;
        })
        .join("  ")
        .trimEnd(),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** A single item as one `name  value` line per column; empty values are left out. */
export function renderItem<Item>(
  item: Item,
  columns: readonly Column<Item>[],
  target: TableTarget,
): string {
  const rows = columns
    .map((column) => ({ column, text: cellText(column.value(item)) }))
    .filter(({ text }) => text !== "");
  const width = Math.max(0, ...rows.map(({ column }) => textWidth(column.header)));
  return rows
    .map(({ column, text }) => {
      const value = column.isStatus === true ? target.paint(text, text) : text;
      return `${column.header.padEnd(width)}  ${value}\n`;
    })
    .join("");
}

function joinCells(cells: readonly string[], paint: (cell: string) => string): string {
  return paint(cells.join("  ").trimEnd());
}

function cellText(value: string | number | boolean | null | undefined): string {
  return value === null || value === undefined ? "" : visibleText(String(value));
}

function alignCell<Item>(text: string, column: Column<Item> | undefined, width: number): string {
  const cut = cutText(text, width);
  const space = " ".repeat(Math.max(0, width - textWidth(cut)));
  return column?.isNumber === true ? space + cut : cut + space;
}

/** Natural widths; on a terminal the shrinkable columns give way, the widest first. */
function fitWidths<Item>(
  columns: readonly Column<Item>[],
  rows: readonly (readonly string[])[],
  available: number | undefined,
): readonly number[] {
  const widths = columns.map((column, index) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[index] ?? "")), column.header.length),
  );
  if (available === undefined) return widths;
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - available;
  while (excess > 0) {
    const index = widestShrinkable(columns, widths);
    if (index === undefined) break;
    widths[index] = (widths[index] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function widestShrinkable<Item>(
  columns: readonly Column<Item>[],
  widths: readonly number[],
): number | undefined {
  let widest: number | undefined;
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    if (column.isShrinkable !== true || width <= columnWidthMin) continue;
    if (widest === undefined || width > (widths[widest] ?? 0)) widest = index;
  }
  return widest;
}
