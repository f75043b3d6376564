/**
 * Something that runs in the background.
 * `stop` is idempotent, works before `start`, and resolves only when in-flight work has ended.
 */
export interface Service {
  start(): Promise<void>;
  stop(reason: string): Promise<void>;
}
