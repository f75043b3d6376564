import { CourierError, type Clock } from "@courier/core";
import type { Logger } from "../logger.ts";
import { wait } from "../wait.ts";
import { enroll, type EnrollRequest } from "./enroll.ts";
import type { EnrolledAs } from "./identity.ts";
import { reconnectDelayMs } from "./reconnect-delay.ts";

/**
 * Enrols however long the service cannot be reached; undefined when `request.signal` aborts. Throws what trying again
 * cannot mend: a bad key, a name that is taken.
 */
export async function enrollPersistently(
  request: EnrollRequest,
  options: { readonly clock: Clock; readonly random: () => number; readonly logger: Logger },
): Promise<EnrolledAs | undefined> {
  for (let failureCount = 1; !request.signal.aborted; failureCount += 1) {
    try {
      return await enroll(request);
    } catch (error) {
      if (request.signal.aborted) return undefined;
      if (!(error instanceof CourierError) || !error.retryable) throw error;
      const delayMs = reconnectDelayMs(failureCount, options.random);
      options.logger.warn({ reason: error.message, delayMs }, "enrolment failed, trying again");
      await wait(options.clock, delayMs, request.signal);
    }
  }
  return undefined;
}
