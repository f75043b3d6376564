import type { Engine } from "../handle.ts";
export async function openPostgresEngine(_options: object): Promise<Engine> {
  throw new Error("not yet");
}
