#!/bin/sh
# A job is planned, looked at, and added only if it still is what was looked at: when a node comes into the target in between,
# add-job refuses with exit code 5 and names it.
# Needs courier-cli (or COURIER_CLI) with a profile that may change tags, node and the nodes of `npm start`.
set -eu
cli=${COURIER_CLI:-courier-cli}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
field() { node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8")).'"$1"; }
sed "s|web-rollout$|web-rollout-$$|" "$(dirname "$0")/web-rollout.yaml" >"$directory/job.yaml"

"$cli" scheduler jobs plan --body-file "$directory/job.yaml" >"$directory/plan.json"
echo "batches: $(field 'item.groups[0].nodes.map(({name, batchNumber}) => batchNumber + " " + name).join(", ")' <"$directory/plan.json")"
field 'item.groups[0].meaning.slice(0, 3).join("\n")' <"$directory/plan.json"
hash=$(field item.hash <"$directory/plan.json")

"$cli" management node modify-tags --nodeId demo-3 --body '{"tags": {"role": "web"}}' >"$directory/tags.json"
code=0
"$cli" scheduler jobs add-job --body-file "$directory/job.yaml" --plan "$hash" 2>"$directory/refusal.json" || code=$?
echo "refused with exit code $code: $(field 'error.details[0].message' <"$directory/refusal.json")"

"$cli" management node modify-tags --nodeId demo-3 --body '{"tags": {"role": "db"}}' >"$directory/tags.json"
"$cli" scheduler jobs add-job --body-file "$directory/job.yaml" --plan "$hash" --wait >"$directory/added.json"
echo "added as planned: $(field item.instance.status <"$directory/added.json")"
