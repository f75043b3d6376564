#!/bin/sh
# A job fails, its cause is repaired, and only what failed is executed again: as a new instance that is linked to the first.
# Needs courier-cli (or COURIER_CLI) with a profile, node and the nodes demo-1 and demo-2: see `npm start`.
set -eu
cli=${COURIER_CLI:-courier-cli}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
field() { node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8")).'"$1"; }

code=0
sed "s|MARKER|$directory/marker|; s|needs-marker|needs-marker-$$|" "$(dirname "$0")/needs-marker.yaml" |
  "$cli" scheduler jobs add-job --body-file - --body-format yaml --wait >"$directory/first.json" || code=$?
echo "the first instance ended with exit code $code"
first=$(field item.instance.id <"$directory/first.json")

touch "$directory/marker"
"$cli" state instance rerun --instanceId "$first" --status failure --wait >"$directory/second.json"
echo "the rerun of $(field item.runCount <"$directory/second.json") runs ended $(field item.instance.status <"$directory/second.json")"

run=$("$cli" state instance list-instance-runs --instanceId "$first" | field 'items[0].runId')
"$cli" state run retry --runId "$run" --wait >"$directory/third.json"
echo "the retry of one run ended $(field item.instance.status <"$directory/third.json")"
echo "the first instance has $("$cli" state instance get-instance --instanceId "$first" | field item.rerunInstanceIds.length) reruns and is still $("$cli" state instance get-instance --instanceId "$first" | field item.status)"
