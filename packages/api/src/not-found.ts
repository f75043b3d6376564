import { CourierError, type ErrorCode } from "@courier/core";

type NotFoundCode = Extract<ErrorCode, `${string}_NOT_FOUND`>;

/** Returns what was found, or throws the 404 that names what was asked for. */
export function found<Thing>(
  thing: Thing | undefined,
  missing: { readonly code: NotFoundCode; readonly what: string; readonly id: string },
): Thing {
  if (thing !== undefined) return thing;
  throw new CourierError(missing.code, `there is no ${missing.what} ${JSON.stringify(missing.id)}`);
}
