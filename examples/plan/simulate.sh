#!/bin/sh
# What becomes of web-rollout.yaml on 100 nodes when 2 % of the runs fail, and how far a broken change would get. Needs no service.
# Needs courier-cli (or COURIER_CLI) and node.
set -eu
cli=${COURIER_CLI:-courier-cli}
"$cli" scheduler jobs simulate --body-file "$(dirname "$0")/web-rollout.yaml" \
  --nodes 100 --latency p50=2s,p99=9s --failure-rate 2% --seed example |
  node -e '
    const { item } = JSON.parse(require("fs").readFileSync(0, "utf8"));
    console.log(`succeeds in ${Math.round(item.probability.success * 100)} % of ${item.rounds} rounds`);
    console.log(item.summary.join("\n"));'
