import type { networkInterfaces } from "node:os";

/**
 * The IPv4 address other hosts most likely know this one by: that of the interface with the default route, else the
 * first one that is not the loopback, else the loopback's. `routes` is the text of Linux' /proc/net/route, or "".
 */
export function primaryAddress(
  interfaces: ReturnType<typeof networkInterfaces>,
  routes: string,
): string {
  const preferred = interfaces[defaultRouteInterface(routes)] ?? [];
  const all = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  const candidates = [...preferred, ...all].filter(
    ({ family, internal }) => family === "IPv4" && !internal,
  );
  return candidates[0]?.address ?? "127.0.0.1";
}

/** Its lines are: interface, destination in hexadecimal (0 is everywhere), gateway, … */
function defaultRouteInterface(routes: string): string {
  const lines = routes.split("\n").map((line) => line.split("\t"));
  return lines.find(([, destination]) => destination === "00000000")?.[0] ?? "";
}
