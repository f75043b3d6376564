/** An archive as a sweep finds it. */
export interface StoredArchive {
  readonly name: string;
  /** When its first bytes came, or it was last written to. Unix ms. */
  readonly receivedAt: number;
}

/**
 * The bytes of evidence archives. An archive grows by appending, is finished once, and is read and removed by its name;
 * whether it counts is said by the table `evidence`. Full disks and lost databases are CourierErrors STORE_UNAVAILABLE.
 */
export interface ArchiveStore {
  /** How many bytes are there, whether it is finished or not. */
  receivedBytes(name: string): Promise<number>;
  /** Adds bytes behind those that are there; bytes for any other place are left alone. */
  append(
    name: string,
    part: { readonly offset: number; readonly data: Uint8Array; readonly now: number },
  ): Promise<void>;
  /** Everything that was appended is durable when this resolves. */
  finish(name: string): Promise<void>;
  /** The bytes in order, as fast as they are taken; from a place on when one is given. */
  read(name: string, start?: number): AsyncIterable<Uint8Array>;
  /** Removes an archive; one that is not there is fine. */
  remove(name: string): Promise<void>;
  /** Some archives, in an order of the store's own; `next` continues there, and is empty at the end. */
  list(
    cursor: string,
  ): Promise<{ readonly archives: readonly StoredArchive[]; readonly next: string }>;
}

/** The name of an attempt's archive: made of what is checked already, and fit for a file. */
export function archiveName(key: {
  readonly runId: string;
  readonly token: number;
  readonly stepNumber: number;
  readonly attempt: number;
}): string {
  return `${key.runId}.${key.token}.${key.stepNumber}.${key.attempt}`;
}
