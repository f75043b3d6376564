import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's young generation at its smallest. Loading the program makes much short-lived garbage, for which V8 would
 * reserve memory that an idle service never gives back: 10 MiB of its resident size.
 */
export function holdYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** Lets the young generation grow with the load again, as V8 does by default. */
export function releaseYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=2");
}
