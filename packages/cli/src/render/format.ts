/** How data is printed. */
export type Format = "json" | "yaml" | "table";

/** Reads `--format`; the parser has checked the choices. */
export function readFormat(text: string | undefined): Format | undefined {
  return text === "json" || text === "yaml" || text === "table" ? text : undefined;
}

/** JSON with two spaces, as the original prints it. */
export function renderJson(data: unknown): string {
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

/** YAML 1.2 that other readers understand too; long lines are not folded. */
export async function renderYaml(data: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
}
