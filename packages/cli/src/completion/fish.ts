import type { CompletionEntry, CompletionFlag } from "./describe-tree.ts";

/** A static fish completion script. */
export function fishCompletion(entries: readonly CompletionEntry[]): string {
  const lines = entries.flatMap((entry) => [
    ...entry.words.map(
      ({ name, summary }) => `${at(entry)} -a ${quote(name)} -d ${quote(summary)}`,
    ),
    ...entry.flags.map((flag) => `${at(entry)} ${flagArguments(flag)}`),
  ]);
  return `# fish completion of courier-cli
function __courier_cli_at
  set -l words (string match --invert -- '-*' (commandline -opc)[2..-1])
  set -l count (count $argv)
  if test (count $words) -lt $count
    return 1
  end
  if test $count -gt 0; and test "$words[1..$count]" != "$argv"
    return 1
  end
  return 0
end
function __courier_cli_exactly
  set -l words (string match --invert -- '-*' (commandline -opc)[2..-1])
  test "$words" = "$argv"
end
complete -c courier-cli -f
${lines.join("\n")}
`;
}

function at({ path, flags }: CompletionEntry): string {
  const test = flags.length > 0 ? "__courier_cli_at" : "__courier_cli_exactly";
  return `complete -c courier-cli -n ${quote([test, ...path].join(" "))}`;
}

function flagArguments({ name, summary, value }: CompletionFlag): string {
  const choice = typeof value === "string" ? "" : ` -a ${quote(value.join(" "))}`;
  const kind = value === "none" ? "" : value === "file" ? " -r -F" : " -x";
  return `-l ${quote(name.slice(2))}${kind}${choice} -d ${quote(summary)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
