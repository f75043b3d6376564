import type { Bus } from "@courier/bus";
import type { Clock } from "@courier/core";
import type { JobControl } from "@courier/protocol";
import type { ArchiveStore, Database } from "@courier/store";
import type { Logger } from "pino";
import type { LiveStreams } from "./live-streams.ts";

/** What the routes work with. */
export interface ApiContext {
  readonly db: Database;
  /** Where the bytes of evidence are. */
  readonly archives: ArchiveStore;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Makes a new lower-case UUID v4. */
  readonly newId: () => string;
  readonly jobControl: JobControl;
  /** The service's Ed25519 public key, SPKI in base64: what an enrolling node pins. */
  readonly serverPublicKey: string;
  readonly log: Logger;
  readonly streams: LiveStreams;
  /** Whether the service is stopping and takes no changes any more. */
  readonly isDraining: () => boolean;
}
