import type { Service } from "@courier/core";
import { settle } from "./event-loop.ts";

/**
 * What every `Service` promises about its lifecycle; resolves when it is kept, and leaves the service stopped.
 * A service whose promise is broken hangs or throws here, so that the calling test fails.
 */
export async function stressService(service: Service): Promise<void> {
  await stopBeforeStart(service);
  await startAndStop(service);
  await stopTwiceAtOnce(service);
  await stopWhileStarting(service);
}

async function stopBeforeStart(service: Service): Promise<void> {
  await service.stop("it was never started");
  await service.stop("it was never started, twice");
}

async function startAndStop(service: Service): Promise<void> {
  await service.start();
  await settle();
  await service.stop("once");
  await service.stop("again");
}

async function stopTwiceAtOnce(service: Service): Promise<void> {
  await service.start();
  await Promise.all([service.stop("one"), service.stop("another")]);
}

/** The last word counts: whoever stops what is still starting gets it stopped. */
async function stopWhileStarting(service: Service): Promise<void> {
  const started = service.start();
  await service.stop("while it starts");
  await started;
  await service.stop("after it started");
}
