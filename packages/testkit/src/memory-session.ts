import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { Session, type SessionOptions } from "@courier/gateway";
import { encodeFrame, type Hello } from "@courier/protocol";
import { CountingBus } from "./counting-bus.ts";
import { until } from "./event-loop.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { PatientReports } from "./patient-reports.ts";
import { enrolTestNode } from "./test-node.ts";

/** A session of one enrolled node that has not said hello yet, with everything around it. */
export interface MemorySession {
  readonly nodeId: string;
  readonly bus: CountingBus;
  readonly clock: FakeClock;
  readonly reports: PatientReports;
  readonly transport: MemoryTransport;
  readonly session: Session;
  /** What the service signs with. */
  readonly serverPublicKey: KeyObject;
  /** A hello that answers the challenge; what `change` names is not what was signed. */
  readonly hello: (change?: Partial<Hello>) => Hello;
  /** The node sends one frame. */
  readonly receive: (...messages: Parameters<typeof encodeFrame>[0]) => void;
  /** The node says hello; resolves when it is welcome. */
  readonly connect: () => Promise<void>;
}

/** Opens a session over an in-memory transport; its node may be one that waits for approval. */
export async function openMemorySession({
  isUnapproved = false,
  ...options
}: Pick<SessionOptions, "db" | "log"> & {
  readonly isUnapproved?: boolean;
}): Promise<MemorySession> {
  const serverKeys = generateKeyPairSync("ed25519");
  const node = await enrolTestNode(options.db, { isUnapproved });
  const bus = new CountingBus();
  const clock = new FakeClock();
  const reports = new PatientReports();
  const transport = new MemoryTransport();
  const serverKey = { privateKey: serverKeys.privateKey, publicKey: "" };
  const session = new Session({ ...options, bus, clock, reports, transport, serverKey });
  const hello = (change: Partial<Hello> = {}): Hello =>
    node.hello(transport.find("challenge")?.nonce ?? "", change);
  const receive = (...messages: Parameters<typeof encodeFrame>[0]): void =>
    session.receive(encodeFrame(messages));
  const connect = async (): Promise<void> => {
    receive(hello());
    await until(() => session.nodeId !== undefined);
  };
  const { nodeId } = node;
  const serverPublicKey = serverKeys.publicKey;
  const around = { bus, clock, reports, transport, serverPublicKey };
  return { ...around, nodeId, session, hello, receive, connect };
}
