import { end, readReady, startProgram, type Program } from "./stack.ts";

/** What starts a program: its arguments are the same each time. */
export interface MemberOptions {
  readonly program: "courier-server" | "courier-runner";
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Field of the ready line to remember. */
  readonly readyField: string;
}

/** A server or an agent that is killed and started again. */
export class Member {
  readonly #options: MemberOptions;
  #program: Program | undefined;
  #ready: Promise<string> | undefined;
  #log = "";
  #isRetired = false;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** The process, while there is one. */
  get pid(): number | undefined {
    const child = this.#program?.child;
    return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /** What it has written to stderr, over all its lives that have ended. */
  get log(): string {
    return this.#log;
  }

  /** Starts the program; `ready` tells when it is there. Does nothing once retired. */
  start(): void {
    if (this.#isRetired) return;
    const { program, args, env, readyField } = this.#options;
    this.#program = startProgram(program, args, { env });
    this.#ready = readReady(this.#program, readyField);
    // Whoever waits for it is told; a kill before that is not an error by itself.
    this.#ready.catch(() => undefined);
  }

  /** What the ready line of the present life says. */
  async ready(): Promise<string> {
    if (this.#ready === undefined) throw new Error(`${this.#options.program} was not started`);
    return this.#ready;
  }

  /** Resolves when the present life has written this text to stderr. */
  async wrote(text: string): Promise<void> {
    await this.#program?.wrote("stderr", text);
  }

  /** Ends the present life with a signal; its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const program = this.#program;
    if (program === undefined) return null;
    await end(program, signal);
    const { code, stderr } = await program.finished;
    if (this.#program === program) {
      this.#program = undefined;
      this.#log += stderr;
    }
    return code;
  }

  /** Ends it for good. */
  async retire(): Promise<void> {
    this.#isRetired = true;
    await this.end("SIGKILL");
  }

  /** Ends the present life with a signal and waits until the next one is ready. */
  async restart(signal: NodeJS.Signals): Promise<void> {
    await this.end(signal);
    this.start();
    await this.ready();
  }
}
