import { execFileSync } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";

/** What a request for a part is answered with, instead of taking it. */
export type EvidenceAnswer = "hangUp" | { readonly status: number };

/** The service's side of handing artifacts in, as far as a node sees it. */
export class EvidenceProbe {
  /** What the next requests are answered with. */
  readonly answers: EvidenceAnswer[] = [];
  /** What every request is answered with, while it is set. */
  always: EvidenceAnswer | undefined;
  /** The offsets that were sent, in order. */
  readonly offsets: number[] = [];
  readonly #archives = new Map<string, Buffer>();
  readonly #complete = new Set<string>();

  static concerns(request: IncomingMessage): boolean {
    return request.url?.includes("/evidence?") === true;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = new URL(request.url ?? "", "http://127.0.0.1");
    const offset = Number(url.searchParams.get("offset"));
    this.offsets.push(offset);
    const answer = this.always ?? this.answers.shift();
    if (answer === "hangUp") return void response.destroy();
    if (answer !== undefined) return void response.writeHead(answer.status).end();
    const key = keyOf(url);
    const known = this.#archives.get(key) ?? Buffer.alloc(0);
    const archive = known.length === offset ? Buffer.concat([known, ...parts]) : known;
    this.#archives.set(key, archive);
    const isStored = archive.length === Number(url.searchParams.get("sizeBytes"));
    if (isStored) this.#complete.add(key);
    const item = { nextOffset: archive.length, isStored };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ item }));
  }

  /** What is in a complete archive, by path; undefined when there is none. */
  files(
    runId: string,
    place: { readonly step?: number; readonly attempt?: number } = {},
  ): Readonly<Record<string, string>> | undefined {
    const key = `${runId} ${place.step ?? 1} ${place.attempt ?? 1}`;
    if (!this.#complete.has(key)) return undefined;
    const input = this.#archives.get(key);
    const names = execFileSync("tar", ["-tz"], { input, encoding: "utf8" }).split("\n");
    return Object.fromEntries(
      names
        .filter((name) => name !== "" && name !== "artifacts.json")
        .map((name) => [
          name,
          execFileSync("tar", ["-xzO", "--", name], { input, encoding: "utf8", maxBuffer: 1e8 }),
        ]),
    );
  }
}

function keyOf(url: URL): string {
  const [, runId, step, attempt] =
    /runs\/([^/]+)\/steps\/(\d+)\/attempts\/(\d+)\//.exec(url.pathname) ?? [];
  return `${runId} ${step} ${attempt}`;
}
