import type { CompletionEntry } from "./describe-tree.ts";

/** A static PowerShell completion script. */
export function powershellCompletion(entries: readonly CompletionEntry[]): string {
  return `# PowerShell completion of courier-cli
Register-ArgumentCompleter -Native -CommandName courier-cli -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  # By command path: what may follow, each with its description.
  $offers = @{
${entries.map(offersOf).join("\n")}
  }
  # By command path and flag: what may be its value. Where nothing is known PowerShell offers files.
  $values = @{
${entries.flatMap(valuesOf).join("\n")}
  }
  $path = ''
  $previous = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $previous = $element.Extent.Text
    if ($offers.ContainsKey("$path/$previous")) { $path = "$path/$previous" }
  }
  if ($values.ContainsKey("$path $previous")) {
    foreach ($value in $values["$path $previous"]) {
      if ($value.StartsWith("$wordToComplete", [StringComparison]::OrdinalIgnoreCase)) {
        [System.Management.Automation.CompletionResult]::new($value)
      }
    }
    return
  }
  $offered = $offers[$path]
  for ($index = 0; $index -lt $offered.Count; $index += 2) {
    if ($offered[$index].StartsWith("$wordToComplete", [StringComparison]::OrdinalIgnoreCase)) {
      [System.Management.Automation.CompletionResult]::new(
        $offered[$index], $offered[$index], 'ParameterValue', $offered[$index + 1])
    }
  }
}
`;
}

function offersOf({ path, words, flags }: CompletionEntry): string {
  const help = { name: "--help", summary: "show help" };
  const texts = [...words, ...flags, help].flatMap(({ name, summary }) => [name, summary]);
  return `    ${quote(key(path))} = @(${texts.map(quote).join(", ")})`;
}

function valuesOf({ path, flags }: CompletionEntry): readonly string[] {
  return flags
    .filter(({ value }) => value !== "none")
    .map(({ name, value }) => {
      const choices = typeof value === "string" ? [] : value;
      return `    ${quote(`${key(path)} ${name}`)} = @(${choices.map(quote).join(", ")})`;
    });
}

function key(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join("");
}

/** PowerShell takes typographic quotes for quotes, too. */
function quote(text: string): string {
  return `'${text.replaceAll(/['‘’‚‛]/g, "$&$&")}'`;
}
