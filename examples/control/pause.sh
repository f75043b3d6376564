#!/bin/sh
# Pauses a rollout between two batches, looks at the node that is done, and lets it go on.
# Needs courier-cli (or COURIER_CLI) with a profile, node and the nodes demo-1 and demo-2: see `npm start`.
set -eu
cli=${COURIER_CLI:-courier-cli}
field() { node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8")).'"$1"; }
outcomes() { "$cli" state instance list-instance-runs --instanceId "$instance" | field 'items.map(({ status }) => status).join(", ")'; }

# The nodes of `npm start` are on this machine: the file holds the first batch until the instance is paused.
marker=$(mktemp -u)
trap 'rm -f "$marker"' EXIT
job=$(sed "s|name: one-by-one|name: one-by-one-$$|; s|/tmp/one-by-one|$marker|" "$(dirname "$0")/one-by-one.yaml" |
  "$cli" scheduler jobs add-job --body-file - --body-format yaml | field item.id)
instance=
until [ -n "$instance" ]; do
  instance=$("$cli" state instance list-all --job-id "$job" | field 'items.map(({ id }) => id).join("")')
done
"$cli" state instance pause --instanceId "$instance" >/dev/null
touch "$marker"
until [ "$(outcomes)" = "success, pending" ]; do sleep 0.2; done
echo "paused: $(outcomes)"
"$cli" state instance resume --instanceId "$instance" >/dev/null
"$cli" state instance watch --instanceId "$instance" >/dev/null
echo "resumed: $(outcomes)"
