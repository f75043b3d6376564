import { globalWindowOf, type ExceptionWindow } from "@courier/core";
import { readExceptions, type Db, type ExceptionState } from "@courier/store";

/** The global exceptions as windows, with the state that they are. */
export interface Exceptions extends ExceptionState {
  readonly windows: readonly ExceptionWindow[];
}

/** Reads the global exceptions; without any this is one small row. */
export async function loadExceptions(db: Db): Promise<Exceptions> {
  const { version, since, rules } = await readExceptions(db);
  return { version, since, windows: rules.map(globalWindowOf) };
}
