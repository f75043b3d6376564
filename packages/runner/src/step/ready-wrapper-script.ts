/**
 * The ready wrapper, bash: a step wrapper that waits for attempts on its standard input and carries one after the
 * other, so that an attempt costs one fork. Argument: BOOT_ID. Must be the leader of its own session.
 *
 * An order is a line with the number of characters of the next, and that line: RUN_DIR DIRECTORY COUNT WORD… NAME=VALUE…
 * (COUNT words are the command), parted by spaces, in ASCII, everything else written as `\0` and octal digits. When an
 * attempt's outcome is in its directory, `exit CODE` is said on standard output, or `last CODE` when no order will be
 * taken any more. See README.md ("Run directory") for the files.
 */
export const readyWrapperScript: string = String.raw`# Courier ready wrapper, version 2.
courier_boot=$1
set -f
# Ignored, because what a "wait" that a signal interrupts says of a step that ends meanwhile is -1, for ever (bash 5.2).
courier_signals='HUP INT QUIT TERM USR1 USR2 ALRM'
trap '' $courier_signals

# The 20th field of a process's stat after the command's name, which may hold spaces and parentheses.
courier_start_of() {
  local line
  courier_start=0
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return
  set -- ${"$"}{line##*) }
  courier_start=${"$"}{20}
}
courier_start_of $$
courier_own_start=$courier_start

while :; do
  read -r courier_length || exit 0
  IFS= read -r -N "$courier_length" courier_order || exit 0
  courier_words=($courier_order)
  if [[ $courier_order == *\\* ]]; then
    for courier_index in "${"$"}{!courier_words[@]}"; do
      printf -v "courier_words[$courier_index]" %b "${"$"}{courier_words[courier_index]}"
    done
  fi
  courier_dir=${"$"}{courier_words[0]} courier_count=${"$"}{courier_words[2]}

  # Creating the state file is the claim: an agent that came back and found none creates it itself, then this fails.
  set -C
  printf 'ready %s %s %s\n' "$$" "$courier_boot" "$courier_own_start" > "$courier_dir/state" || exit 125
  set +C

  courier_input=/dev/null
  [ -f "$courier_dir/stdin" ] && courier_input=$courier_dir/stdin
  # A handler while the step is forked, not "ignore": ignored signals would be ignored by the step as well.
  trap : $courier_signals
  # Job control makes the step the leader of a process group of its own, and leaves SIGINT and SIGQUIT alone.
  set -m
  {
    cd -P "${"$"}{courier_words[1]}" && unset OLDPWD && export "${"$"}{courier_words[@]:courier_count+3}" || exit 126
    exec "${"$"}{courier_words[@]:3:courier_count}"
  } < "$courier_input" > "$courier_dir/stdout" 2> "$courier_dir/stderr" &
  courier_step=$!
  trap '' $courier_signals
  # Off while waiting: a step that is stopped has not ended.
  set +m
  courier_start_of "$courier_step"
  printf 'step %s %s\n' "$courier_step" "$courier_start" >> "$courier_dir/state"

  wait "$courier_step"
  courier_code=$?

  # A full disk must not lose the outcome; the state file's first block exists, so this hardly ever waits.
  until printf 'exit %s\n' "$courier_code" >> "$courier_dir/state"; do
    [ -d "$courier_dir" ] || break
    sleep 1
  done
  if kill -0 -- "-$courier_step"; then
    # Something of the step lives on: this session is left to it.
    printf 'last %s\n' "$courier_code"
    exit 0
  fi
  printf 'exit %s\n' "$courier_code"
done
`;
