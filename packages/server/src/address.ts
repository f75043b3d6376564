import { isIP } from "node:net";
import { CourierError } from "@courier/core";

/** Where to listen. Port 0 is any free port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` (all interfaces) or `PORT` (loopback); throws USAGE. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([^\]]+)\]|([^:]*)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new CourierError(
      "USAGE",
      `--listen ${JSON.stringify(text)}: expected HOST:PORT, such as 127.0.0.1:4170 or [::1]:4170`,
    );
  }
  const host = match[1] ?? match[2] ?? "127.0.0.1";
  return { host: host === "" ? "0.0.0.0" : host, port };
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/** The URL under which a client on this machine reaches the address. */
export function urlOf(address: ListenAddress, isTls: boolean): string {
  const host = wildcards.get(address.host) ?? address.host;
  const scheme = isTls ? "https" : "http";
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
}

const wildcards: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
]);
