import type { CompletionEntry } from "./describe-tree.ts";

/** A static bash completion script. */
export function bashCompletion(entries: readonly CompletionEntry[]): string {
  return `# bash completion of courier-cli
_courier_cli() {
  local word path="" current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$path/$word" in
${pathCases(entries)}
    esac
  done
  COMPREPLY=()
  case "$path $previous" in
${valueCases(entries)}
  esac
  case "$path" in
${wordCases(entries)}
  esac
}
complete -F _courier_cli courier-cli
`;
}

function pathCases(entries: readonly CompletionEntry[]): string {
  const paths = entries
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `"/${path.join("/")}"`);
  return `      ${paths.join("|")}) path="$path/$word" ;;`;
}

function valueCases(entries: readonly CompletionEntry[]): string {
  return entries
    .flatMap(({ path, flags }) =>
      flags
        .filter(({ value }) => value !== "none")
        .map(({ name, value }) => {
          const reply =
            value === "file"
              ? 'COMPREPLY=($(compgen -f -- "$current"))'
              : typeof value === "string"
                ? ":"
                : `COMPREPLY=($(compgen -W "${value.join(" ")}" -- "$current"))`;
          return `    "${key(path)} ${name}") ${reply}; return ;;`;
        }),
    )
    .join("\n");
}

function wordCases(entries: readonly CompletionEntry[]): string {
  return entries
    .map(({ path, words, flags }) => {
      const names = [...words, ...flags].map(({ name }) => name).concat("--help");
      return `    "${key(path)}") COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$current")) ;;`;
    })
    .join("\n");
}

function key(path: readonly string[]): string {
  return path.map((word) => `/${word}`).join("");
}
