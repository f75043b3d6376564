import { readFile } from "node:fs/promises";
import { arch, hostname, machine, networkInterfaces, release, type } from "node:os";
import { describePlatform } from "./platform-facts.ts";
import { primaryAddress } from "./primary-address.ts";

/** Attributes by namespace, as `hello` and the enrolment carry them. */
export type ReportedAttributes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * What the agent tells of its node: facts in `agent`, the same under the names of the original's gatherer in `gohai`,
 * what the user gave with --tag in `tags`. Names as in the original's filters (semantics.md section 8).
 */
export async function nodeAttributes(options: {
  readonly agentVersion: string;
  readonly tags: Readonly<Record<string, string>>;
}): Promise<ReportedAttributes> {
  const [osRelease, routes, hosts] = await Promise.all(
    ["/etc/os-release", "/proc/net/route", "/etc/hosts"].map(readOptional),
  );
  const platform = describePlatform({
    platform: process.platform,
    release: release(),
    osRelease: osRelease ?? "",
  });
  const kernel = { kernel_name: type(), kernel_version: release() };
  const address = primaryAddress(networkInterfaces(), routes ?? "");
  return {
    agent: {
      agent_version: options.agentVersion,
      architecture: architecture(),
      fqdn: fullName(hostname(), hosts ?? ""),
      hostname: hostname(),
      ...kernel,
      ...platform,
      primary_ip: address,
    },
    gohai: {
      hostname: hostname(),
      ipaddress: address,
      ...kernel,
      machine_architecture: architecture(),
      os: platform.os,
    },
    tags: options.tags,
  };
}

/** As `uname -m` names it: x86_64, aarch64; Node's name where the system has none. */
function architecture(): string {
  const name = machine();
  return name === "" ? arch() : name;
}

/** The name with a domain that the hosts file gives this host; the host's own name when it gives none. */
export function fullName(host: string, hosts: string): string {
  if (host.includes(".")) return host;
  const names = hosts.split("\n").flatMap((line) => {
    const [, ...aliases] = (line.split("#", 1)[0] ?? "").trim().split(/\s+/);
    return aliases;
  });
  return names.find((name) => name.startsWith(`${host}.`)) ?? host;
}

/** Files that not every operating system has. */
async function readOptional(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    // Not there, or not readable: the facts that it would give are left at what is known otherwise.
    return "";
  }
}
