import type { CompletionEntry, CompletionFlag } from "./describe-tree.ts";

/** A static zsh completion script. */
export function zshCompletion(entries: readonly CompletionEntry[]): string {
  return `#compdef courier-cli
# zsh completion of courier-cli
_courier_cli() {
  local path="" index
  local -a choices
  for ((index = 2; index < CURRENT; index++)); do
    case "$path/\${words[index]}" in
${pathCases(entries)}
    esac
  done
  case "$path" in
${entries.map(entryCase).join("\n")}
  esac
}
if [[ "\${funcstack[1]}" == "_courier_cli" ]]; then _courier_cli "$@"; else compdef _courier_cli courier-cli; fi
`;
}

function pathCases(entries: readonly CompletionEntry[]): string {
  const paths = entries
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `"/${path.join("/")}"`);
  return `      ${paths.join("|")}) path="$path/\${words[index]}" ;;`;
}

function entryCase({ path, words, flags }: CompletionEntry): string {
  const key = path.map((word) => `/${word}`).join("");
  if (flags.length > 0) {
    // The words before the flags are positional arguments to _arguments: they are accepted and not completed.
    return `    "${key}") _arguments ${flags.map(flagSpec).join(" ")} '*: :' ;;`;
  }
  const choices = words.map(({ name, summary }) => quote(`${name}:${summary}`)).join(" ");
  return `    "${key}") choices=(${choices}); _describe command choices ;;`;
}

function flagSpec({ name, summary, value }: CompletionFlag): string {
  const text = summary.replaceAll(/[[\]:]/g, " ");
  if (value === "none") return quote(`${name}[${text}]`);
  const action =
    value === "file" ? "_files" : typeof value === "string" ? " " : `(${value.join(" ")})`;
  return quote(`${name}[${text}]:value:${action}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
