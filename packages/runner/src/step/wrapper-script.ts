/**
 * The step wrapper, POSIX sh: starts the interpreter in a run directory and writes down what became of it, whoever
 * lives or dies meanwhile. Arguments: RUN_DIR BOOT_ID TIMEOUT_SECONDS GRACE_SECONDS PROGRAM ARGUMENT… . Must be the
 * leader of its own session. See README.md ("Run directory") for the files; on the normal path nothing is forked but the step.
 */
export const wrapperScript: string = String.raw`# Courier step wrapper, version 3.
if [ "$1" = --watchdog ]; then
  dir=$2 wrapper=$3 limit=$4 grace=$5 cookie=$6
  PATH=/usr/bin:/bin:/usr/sbin:/sbin
  trap 'kill "$sleeper"; exit 0' TERM
  sleep "$limit" & sleeper=$!
  wait "$sleeper"
  trap '' TERM
  while read -r word rest; do [ "$word" = exit ] && exit 0; done < "$dir/state"
  echo timeout >> "$dir/state"

  # Everything of this attempt but the wrapper and this watchdog: by session, by group, by cookie.
  members() {
    if [ -r /proc/self/stat ]; then
      for file in /proc/[0-9]*/stat; do
        read -r stat < "$file" || continue
        pid=${"$"}{file#/proc/} pid=${"$"}{pid%/stat}
        set -- ${"$"}{stat##*) }
        [ "$1" = Z ] && continue
        [ "$3" = "$wrapper" ] || [ "$4" = "$wrapper" ] && echo "$pid"
      done
      grep -lF "COURIER_COOKIE=$cookie" /proc/[0-9]*/environ | while read -r file; do
        pid=${"$"}{file#/proc/} && echo "${"$"}{pid%/environ}"
      done
    else
      ps -A -o pid=,pgid= | while read -r pid group; do
        [ "$group" = "$wrapper" ] && echo "$pid"
      done
      ps -A -E -ww -o pid=,command= | grep -F "COURIER_COOKIE=$cookie" | while read -r pid rest; do
        echo "$pid"
      done
    fi 2>/dev/null
  }
  signal() {
    left=
    for pid in $(members); do
      [ "$pid" = "$wrapper" ] || [ "$pid" = $$ ] || kill -0 "$pid" 2>/dev/null || continue
      [ "$pid" = "$wrapper" ] || [ "$pid" = $$ ] || left="$left $pid"
    done
    [ -z "$left" ] && exit 0
    kill "-$1" $left 2>/dev/null
  }
  signal TERM
  kill -CONT $left 2>/dev/null
  while [ "$grace" -gt 0 ]; do
    signal 0
    sleep 1
    grace=$((grace - 1))
  done
  for round in 1 2 3 4 5; do
    signal KILL
    sleep 1
  done
  kill -KILL -- "-$wrapper"
  exit 0
fi

# Our own variables have a prefix: assigning to one that the step's environment has would change it there.
courier_dir=$1 courier_boot=$2 courier_limit=$3 courier_grace=$4
shift 4
courier_start_of() { courier_start=${"$"}{20}; }
if read -r courier_stat 2>/dev/null < "/proc/$$/stat"; then
  # The 20th field after the command's name, which may hold spaces and parentheses.
  courier_start_of ${"$"}{courier_stat##*) }
else
  courier_start=$(ps -o lstart= -p $$)
fi

# Creating the state file is the claim: an agent that came back and found none creates it itself, then this fails.
set -C
printf 'pid %s %s %s\n' "$$" "$courier_boot" "$courier_start" 2>/dev/null > "$courier_dir/state" || exit 125
set +C

# A handler, not "ignore": ignored signals would be ignored by the step as well.
trap : HUP INT QUIT TERM USR1 USR2 ALRM
courier_watchdog=
if [ "$courier_limit" -gt 0 ]; then
  /bin/sh "$0" --watchdog "$courier_dir" $$ "$courier_limit" "$courier_grace" "$COURIER_COOKIE" &
  courier_watchdog=$!
fi
courier_input=/dev/null
[ -f "$courier_dir/stdin" ] && courier_input=$courier_dir/stdin
"$@" < "$courier_input" > "$courier_dir/stdout" 2> "$courier_dir/stderr"
courier_code=$?

# A full disk must not lose the outcome; the state file's first block exists, so this hardly ever waits.
until printf 'exit %s\n' "$courier_code" >> "$courier_dir/state"; do
  [ -d "$courier_dir" ] || break
  sleep 1
done
[ -z "$courier_watchdog" ] || kill "$courier_watchdog"
exit 0
`;
