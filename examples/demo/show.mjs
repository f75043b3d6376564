// What was recorded about one instance, as tables: the instance, its runs, and every step with its output.

/** Prints one instance with everything below it. */
export async function showInstance(stack, instanceId) {
  const instance = ["state", "instance", "get-instance", "--instanceId", instanceId];
  console.log(`\n${await stack.cli([...instance, "--format", "table"])}`);
  const listRuns = ["state", "instance", "list-instance-runs", "--instanceId", instanceId];
  console.log(await stack.cli([...listRuns, "--format", "table"]));
  const { items: runs } = JSON.parse(await stack.cli(listRuns));
  const rows = [["RUN", "STEP", "STATUS", "ATTEMPTS", "OUTPUT"]];
  for (const run of runs) rows.push(...(await stepRows(stack, run.runId)));
  console.log(table(rows));
}

async function stepRows(stack, runId) {
  const rows = [];
  const { items: steps } = JSON.parse(
    await stack.cli(["state", "run", "list-steps", "--runId", runId]),
  );
  for (const step of steps) {
    const logs = ["state", "run", "logs", "--runId", runId, "--stepNumber", `${step.stepNumber}`];
    const lines = (await stack.cli(logs)).trimEnd().split("\n");
    const [first = "", ...more] = lines;
    rows.push([runId.slice(0, 8), `${step.stepNumber}`, step.status, `${step.numAttempts}`, first]);
    for (const line of more) rows.push(["", "", "", "", line]);
  }
  return rows;
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const toLine = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ");
  return rows.map((row) => toLine(row).trimEnd()).join("\n");
}
