import { CourierError } from "@courier/core";
import { isLoopback, parseListenAddress, type ListenAddress } from "./address.ts";

/** The flags of `start` as they were given, or their environment variables. */
export interface StartFlags {
  readonly dataDir: string;
  readonly listen: string;
  readonly databaseUrl?: string;
  readonly bus: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecureListen?: boolean;
  readonly logLevel: string;
}

/** Levels of the log, from the most to the least talkative. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** A configuration that makes sense as a whole. */
export interface Configuration {
  readonly dataDir: string;
  readonly address: ListenAddress;
  readonly databaseUrl?: string;
  readonly tlsFiles?: { readonly cert: string; readonly key: string };
  readonly logLevel: (typeof logLevels)[number];
}

/** Checks the flags against each other; throws USAGE with what to change. */
export function configurationOf(flags: StartFlags): Configuration {
  const address = parseListenAddress(flags.listen);
  const tlsFiles = tlsFilesOf(flags);
  refuseOtherBuses(flags.bus);
  refusePlainNetwork(address, {
    isAllowed: tlsFiles !== undefined || flags.insecureListen === true,
  });
  return {
    dataDir: flags.dataDir,
    address,
    logLevel: logLevelOf(flags.logLevel),
    ...(flags.databaseUrl === undefined ? {} : { databaseUrl: databaseUrlOf(flags.databaseUrl) }),
    ...(tlsFiles === undefined ? {} : { tlsFiles }),
  };
}

function tlsFilesOf(flags: StartFlags): Configuration["tlsFiles"] {
  const { tlsCert: cert, tlsKey: key } = flags;
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return undefined;
  throw usage(
    `${cert === undefined ? "--tls-key" : "--tls-cert"} needs ${cert === undefined ? "--tls-cert" : "--tls-key"} beside it`,
  );
}

function refuseOtherBuses(bus: string): void {
  if (bus === "in-process") return;
  throw usage(
    `--bus ${JSON.stringify(withoutSecrets(bus))} is not supported by this version; leave it out, or say in-process`,
  );
}

function refusePlainNetwork(
  address: ListenAddress,
  options: { readonly isAllowed: boolean },
): void {
  if (options.isAllowed || isLoopback(address.host)) return;
  throw usage(
    `--listen ${address.host}:${address.port} would send tokens over the network in plain text; give --tls-cert and --tls-key, or say --insecure-listen`,
  );
}

function databaseUrlOf(text: string): string {
  if (/^postgres(ql)?:\/\//.test(text)) return text;
  throw usage(
    `--database-url ${JSON.stringify(withoutSecrets(text))}: expected postgres://USER@HOST/DATABASE; leave it out for the embedded database`,
  );
}

/** A URL without its user and password, for messages. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^@/]*@/, "//[redacted]@");
}

function logLevelOf(text: string): Configuration["logLevel"] {
  const level = logLevels.find((one) => one === text);
  if (level !== undefined) return level;
  throw usage(`--log-level ${JSON.stringify(text)}: expected one of ${logLevels.join(", ")}`);
}

function usage(message: string): CourierError {
  return new CourierError("USAGE", message);
}
