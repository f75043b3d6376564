import type { CourierClient } from "@courier/client";

import { choosePaint, type Paint } from "./render/color.ts";
import { renderJson, renderYaml, type Format } from "./render/format.ts";
import { renderItem, renderTable, type Column, type TableTarget } from "./render/table.ts";
import { writeFully, type World } from "./world.ts";

/** What a command works with. */
export interface CommandContext {
  readonly world: World;
  readonly format: Format;
  /** `--format` was typed, as opposed to left at its default. */
  readonly isFormatChosen: boolean;
  readonly paintError: Paint;
  /** The client for the chosen profile; loads it and its HTTP library on first use. */
  readonly client: () => Promise<CourierClient>;
  /** Prints a list: the answer as it is in JSON and YAML, its items by `columns` in a table. */
  printList<Item>(answer: ListAnswer<Item>, columns: readonly Column<Item>[]): Promise<void>;
  /** Prints one object: as it is in JSON and YAML, by `columns` in a table. */
  printItem<Item>(answer: { readonly item: Item }, columns: readonly Column<Item>[]): Promise<void>;
  /** Prints an answer that is neither: as it is in JSON and YAML, by `render` as a table. */
  printDocument<Answer>(answer: Answer, render: (answer: Answer) => string): Promise<void>;
  /** One line on stderr. */
  readonly note: (line: string) => Promise<void>;
  /** One line on stderr, with --verbose only. */
  readonly trace: (line: string) => void;
}

/** A list of the API. */
export interface ListAnswer<Item> {
  readonly items: readonly Item[];
  readonly totalItems: number;
  readonly pagination?: {
    readonly page: number;
    readonly totalPages: number;
    readonly totalItems: number;
  };
}

/** Options that every leaf takes, as given. */
export interface ContextOptions {
  readonly world: World;
  readonly format: Format | undefined;
  readonly profile: string | undefined;
  readonly isVerbose: boolean;
}

/** Creates the context of one command call. */
export function createContext(options: ContextOptions): CommandContext {
  const { world } = options;
  const format = options.format ?? "json";
  let client: Promise<CourierClient> | undefined;

  const print = async (text: string): Promise<void> => {
    await writeFully(world.stdout, text);
  };
  const note = async (line: string): Promise<void> => {
    await writeFully(world.stderr, `${line}\n`);
  };
  const trace = (line: string): void => {
    if (options.isVerbose) world.stderr.write(`${line}\n`);
  };

  return {
    world,
    format,
    isFormatChosen: options.format !== undefined,
    paintError: choosePaint(world.stderr, world.env),
    client: () => {
      // Loaded late: the HTTP library alone would take longer than most commands.
      client ??= import("./connect.ts").then(({ connect }) =>
        connect({ world, profile: options.profile, note, trace }),
      );
      return client;
    },
    note,
    trace,
    printList: async (answer, columns) => {
      if (format !== "table") {
        await print(await renderData(answer, format));
        return;
      }
      await print(renderTable(answer.items, columns, tableTarget(world)));
      if (answer.pagination !== undefined) await notePage(answer.pagination, note);
    },
    printDocument: async (answer, render) => {
      await print(format === "table" ? render(answer) : await renderData(answer, format));
    },
    printItem: async (answer, columns) => {
      await print(
        format === "table"
          ? renderItem(answer.item, columns, tableTarget(world))
          : await renderData(answer, format),
      );
    },
  };
}

async function renderData(data: unknown, format: "json" | "yaml"): Promise<string> {
  return format === "yaml" ? renderYaml(data) : renderJson(data);
}

function tableTarget(world: World): TableTarget {
  // A terminal that does not know its size says 0.
  const columns = world.stdout.columns ?? 0;
  const width = world.stdout.isTTY === true && columns > 0 ? columns : undefined;
  return { width, paint: choosePaint(world.stdout, world.env) };
}

async function notePage(
  pagination: NonNullable<ListAnswer<unknown>["pagination"]>,
  note: (line: string) => Promise<void>,
): Promise<void> {
  const { page, totalPages, totalItems } = pagination;
  if (totalPages <= 1) return;
  const next = page < totalPages ? `; more with --pagination.page ${page + 1}` : "";
  await note(`page ${page} of ${totalPages}, ${totalItems} in all${next}`);
}
