import { spawn, type ChildProcessByStdio } from "node:child_process";
import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

/** An attempt for a ready wrapper: what is different from the environment that the wrapper was started with, and the rest. */
export interface Order {
  readonly runDirectory: string;
  readonly directory: string;
  readonly argv: readonly string[];
  /** Names must be what a shell can export. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How a ready wrapper ended without a word about the attempt that it had. */
export interface WrapperExit {
  readonly kind: "gone";
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An attempt's exit code, which is in its run directory as well. */
export interface ReportedExit {
  readonly kind: "exited";
  readonly exitCode: number;
}

/** One process of ready-wrapper-script.ts: takes one attempt at a time, outlives this process while it has one. */
export class ReadyWrapper {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #isUsable = true;
  #heard = "";
  #gone: WrapperExit | undefined;
  #settle: ((outcome: ReportedExit | WrapperExit) => void) | undefined;

  constructor(options: {
    readonly bashPath: string;
    readonly scriptPath: string;
    readonly bootId: string;
    readonly environment: Readonly<Record<string, string>>;
  }) {
    this.#child = spawn(options.bashPath, [options.scriptPath, options.bootId], {
      cwd: "/",
      env: options.environment,
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    this.#listen();
  }

  /** Whether it may be given another attempt. */
  get isUsable(): boolean {
    return this.#isUsable;
  }

  /** Resolves when the attempt's outcome is in its run directory, or the wrapper is gone. */
  run(order: Order): Promise<ReportedExit | WrapperExit> {
    return new Promise((resolve) => {
      if (this.#gone !== undefined) return resolve(this.#gone);
      this.#settle = resolve;
      this.#child.stdin.write(encodeOrder(order));
    });
  }

  /** It gets no further attempt and ends with the one that it has. */
  release(): void {
    this.#isUsable = false;
    this.#child.stdin.end();
  }

  #listen(): void {
    const child = this.#child;
    child.once("error", () => this.#end({ kind: "gone", code: null, signal: null }));
    child.once("exit", (code, signal) => this.#end({ kind: "gone", code, signal }));
    // Both ends close when the wrapper dies, which `exit` tells.
    child.stdin.on("error", () => undefined);
    child.stdout.on("error", () => undefined);
    child.stdout.setEncoding("latin1").on("data", (text: string) => this.#hear(text));
    child.unref();
    for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
  }

  #hear(text: string): void {
    this.#heard += text;
    const match = /^(exit|last) (\d+)\n/.exec(this.#heard);
    if (match === null) return;
    this.#heard = this.#heard.slice(match[0].length);
    if (match[1] === "last") this.#isUsable = false;
    this.#answer({ kind: "exited", exitCode: Number(match[2]) });
  }

  #end(gone: WrapperExit): void {
    this.#gone ??= gone;
    this.#isUsable = false;
    this.#answer(this.#gone);
  }

  #answer(outcome: ReportedExit | WrapperExit): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(outcome);
  }
}

/** The form of ready-wrapper-script.ts. */
function encodeOrder({ runDirectory, directory, argv, environment }: Order): string {
  const assignments = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const words = [runDirectory, directory, `${argv.length}`, ...argv, ...assignments];
  const line = `${words.map(encodeWord).join(" ")}\n`;
  return `${line.length}\n${line}`;
}

function encodeWord(word: string): string {
  if (word === "") return "\\c";
  return word.replace(/[^!-[\]-~]+/gu, (text) =>
    [...Buffer.from(text)].map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join(""),
  );
}
