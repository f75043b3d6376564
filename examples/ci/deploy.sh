#!/bin/sh
# Deploys one commit from a CI system, whichever: COURIER_URL and COURIER_TOKEN say where, COMMIT says what.
# Sending it again for the same commit (a pipeline that is restarted) joins the deployment that is under way, or tells how it ended:
# the commit id is the idempotency key. Leaves report.xml (JUnit) and events.jsonl (every transition) in the current directory.
set -eu
: "${COMMIT:?the commit to deploy}"
cli=${COURIER_CLI:-courier-cli}
template=${TEMPLATE:-$(dirname "$0")/deploy.yaml}

code=0
sed "s|COMMIT|$COMMIT|g" "$template" |
  "$cli" scheduler jobs add-job --body-file - --body-format yaml \
    --idempotency-key "deploy-$COMMIT" \
    --wait --timeout "${TIMEOUT:-600}" --cancel-on-timeout \
    --junit report.xml --output-events jsonl >events.jsonl || code=$?

count() { grep -c "\"event\":\"run\".*\"status\":\"$1\"" events.jsonl || true; }
case $code in
  0) echo "deployed $COMMIT to $(count success) nodes" ;;
  1) echo "deploying $COMMIT failed: $(count success) nodes have it, $(count failure) failed, $(count skipped) were left alone" ;;
  2) echo "the template is not valid, see above; nothing was started" ;;
  3) echo "COURIER_TOKEN is not valid, or may not add jobs" ;;
  5) echo "there is another job of this name, or the key was used for another template" ;;
  6) echo "the service cannot be reached at ${COURIER_URL:-the profile's URL}" ;;
  7) echo "not done in time; the deployment was canceled" ;;
  130) echo "interrupted; the deployment goes on" ;;
  *) echo "unexpected exit code $code" ;;
esac
exit "$code"
