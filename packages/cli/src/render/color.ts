import { styleText } from "node:util";

import type { OutputSink } from "../world.ts";

/** Colours a status by what it means; a no-op where colour is not wanted. */
export type Paint = (text: string, status: string) => string;

/** Colours only on a terminal, and never against NO_COLOR (https://no-color.org) or TERM=dumb. */
function wantsColor(sink: OutputSink, env: Readonly<Record<string, string | undefined>>): boolean {
  return sink.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

/** The paint for a sink. */
export function choosePaint(
  sink: OutputSink,
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  if (!wantsColor(sink, env)) return (text) => text;
  return (text, status) => {
    const color = colors[status];
    return color === undefined ? text : styleText(color, text, { validateStream: false });
  };
}

type Color = Parameters<typeof styleText>[0];

const colors: Readonly<Record<string, Color>> = {
  success: "green",
  online: "green",
  failure: "red",
  timeout: "red",
  undeliverable: "red",
  unknown: "magenta",
  canceled: "yellow",
  cancelling: "yellow",
  skipped: "gray",
  offline: "gray",
  running: "cyan",
  dispatched: "cyan",
  active: "cyan",
  waiting: "cyan",
  error: "red",
  warning: "yellow",
  strong: "bold",
};
