import type { ExampleBody } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { renderJson, renderYaml } from "../render/format.ts";
import type { Flags } from "../usage/flags.ts";
import { writeFully } from "../world.ts";

/** Prints the bodies of `--example`, on stdout as they can be sent, their titles on stderr. The result is the exit code. */
export async function printExamples(
  context: CommandContext,
  asked: { readonly flags: Flags; readonly examples: readonly ExampleBody[] },
): Promise<number> {
  const { flags, examples } = asked;
  const number = flags.integer("exampleNumber", { min: 0, max: examples.length }) ?? 0;
  const chosen = number === 0 ? examples : examples.slice(number - 1, number);
  for (const { title, body } of chosen) {
    await context.note(`# ${title}`);
    await writeFully(context.world.stdout, await render(body, flags.text("exampleFormat")));
  }
  return 0;
}

async function render(body: object, format: string | undefined): Promise<string> {
  if (format === "yaml") return await renderYaml(body);
  if (format !== "toml") return renderJson(body);
  const { stringify } = await import("@iarna/toml").then((module) => module.default);
  // Plain data of our own, without null.
  return stringify(body as Parameters<typeof stringify>[0]);
}
