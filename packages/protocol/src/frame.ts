import { validateBody, type BodyProblem } from "@courier/schema";
import type { NodeMessage } from "./node-messages.ts";
import type { ServerMessage } from "./server-messages.ts";

/** A frame's messages, or one sentence about what is wrong with it. */
export type DecodedFrame<Message> =
  | { readonly ok: true; readonly messages: readonly Message[] }
  | { readonly ok: false; readonly reason: string };

/** Reads a frame that a node sent; everything in it is checked against `node-frame.schema.json`. */
export function decodeNodeFrame(text: string): DecodedFrame<NodeMessage> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const checked = validateBody("node-frame", parsed.value);
  // The compiler proves here that the schema's types and the documented ones agree.
  if (checked.ok) return { ok: true, messages: checked.value };
  return { ok: false, reason: describe(checked.problems) };
}

/** Reads a frame that the service sent; everything in it is checked against `server-frame.schema.json`. */
export function decodeServerFrame(text: string): DecodedFrame<ServerMessage> {
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  const checked = validateBody("server-frame", parsed.value);
  if (checked.ok) return { ok: true, messages: checked.value };
  return { ok: false, reason: describe(checked.problems) };
}

/** The text of one frame. */
export function encodeFrame(messages: readonly (NodeMessage | ServerMessage)[]): string {
  return JSON.stringify(messages);
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch (error) {
    return { ok: false, reason: `the frame is not JSON: ${String(error)}` };
  }
}

function describe(problems: readonly BodyProblem[]): string {
  const [first] = problems;
  if (first === undefined) return "the frame is invalid";
  return first.pointer === "" ? `the frame ${first.message}` : `${first.pointer}: ${first.message}`;
}
