// A figure counts only when everything it stands for was really recorded: checked through the API.

/** Reads an instance's runs page by page; throws unless there are `count`, each once and successful. Returns their ids. */
export async function verifyRuns(api, instanceId, count) {
  const seen = new Set();
  const pageCount = Math.ceil(count / 1000);
  for (let page = 1; page <= pageCount; page += 1) {
    const path = `/courier/state-api/v1/instances/${instanceId}/runs?pagination.page=${page}&pagination.size=1000`;
    const { items, totalItems } = await api.get(path);
    if (totalItems !== count) throw new Error(`${totalItems} runs are recorded, not ${count}`);
    for (const { runId, status } of items) {
      if (status !== "success") throw new Error(`run ${runId} is ${status}`);
      seen.add(runId);
    }
  }
  if (seen.size !== count) throw new Error(`${seen.size} different runs are listed, not ${count}`);
  return [...seen];
}

/** Throws unless each of the runs has exactly one step, and that successful. */
export async function verifySteps(api, runIds) {
  const waiting = [...runIds];
  const worker = async () => {
    for (let runId = waiting.pop(); runId !== undefined; runId = waiting.pop()) {
      const { items } = await api.get(`/courier/state-api/v1/runs/${runId}/steps`);
      const isRecorded = items.length === 1 && items[0].status === "success";
      if (!isRecorded) throw new Error(`run ${runId} has the steps ${JSON.stringify(items)}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** Throws unless the instance succeeded with so many successful runs. */
export function verifyCounts(instance, count) {
  const successCount = instance.groups.reduce((sum, group) => sum + group.counts.success, 0);
  if (instance.status !== "success" || successCount !== count) {
    throw new Error(`instance is ${instance.status} with ${successCount} of ${count} successes`);
  }
}
