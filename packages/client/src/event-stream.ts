/** One event of a `text/event-stream`. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Parses the lines of an event stream (WHATWG server-sent events). Comments and unfinished events yield nothing. */
export async function* readEvents(
  lines: AsyncIterable<string>,
): AsyncGenerator<ServerEvent, void, undefined> {
  let name = "";
  let data: string[] = [];
  for await (const line of lines) {
    if (line === "") {
      if (data.length > 0) yield { name: name === "" ? "message" : name, data: data.join("\n") };
      name = "";
      data = [];
      continue;
    }
    const { field, value } = splitField(line);
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
}

function splitField(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) return { field: line, value: "" };
  const value = line.slice(colon + 1);
  return { field: line.slice(0, colon), value: value.startsWith(" ") ? value.slice(1) : value };
}
