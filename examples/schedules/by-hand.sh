#!/bin/sh
# Starts a job by hand, and once more during a change freeze, where it waits.
# Needs courier-cli (or COURIER_CLI) with the profile of an admin, node and the nodes demo-1 and demo-2: see `npm start`.
set -eu
cli=${COURIER_CLI:-courier-cli}
field() { node -pe 'JSON.parse(require("fs").readFileSync(0, "utf8")).'"$1"; }

job=$(sed "s|clean-up-by-hand|clean-up-by-hand-$$|" "$(dirname "$0")/by-hand.yaml" |
  "$cli" scheduler jobs add-job --body-file - --body-format yaml | field item.id)
echo "the job is $("$cli" scheduler jobs deactivate --jobId "$job" | field item.status)"

status=$("$cli" scheduler jobs create-manual-job --jobId "$job" --wait 2>/dev/null | field item.instance.status)
echo "the instance ended $status"

# A freeze for an hour from now on.
"$cli" scheduler exceptions add-rule --body '{"name": "emergency", "description": "the network is being repaired",
  "rrule": "RRULE:FREQ=DAILY;COUNT=1", "duration": 60}' >/dev/null
waiting=$("$cli" scheduler jobs create-manual-job --jobId "$job" 2>/dev/null)
echo "during a freeze: $(echo "$waiting" | field item.reason)"

# It is over sooner than planned: what waits starts.
"$cli" scheduler exceptions delete-rule --ruleId emergency >/dev/null
instance=$(echo "$waiting" | field item.id)
until "$cli" state instance watch --instanceId "$instance" >/dev/null 2>&1; do sleep 0.2; done
echo "after it: $("$cli" state instance get-instance --instanceId "$instance" | field item.status)"
