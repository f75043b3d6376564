import { ServiceError } from "@courier/client";

import type { Body } from "./read-body.ts";
import { TemplateError } from "./template-error.ts";

/** Sends a template; problems that the service finds in it are shown at their places in the user's file. */
export async function locateProblems<Answer>(
  body: Body,
  send: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.details.length === 0) throw error;
    const { details, requestId } = error;
    throw new TemplateError(error.code, error.message, {
      file: body.file,
      details,
      requestId,
      cause: error,
    });
  }
}
