// Writes to a data directory until it is killed: one transaction per line on stdout, printed after its commit.
import { insertAudit, openDatabase } from "@courier/store";

const [dataDir = ""] = process.argv.slice(2);
const database = await openDatabase({ dataDir });
process.stdout.write("ready\n");

for (let number = 1; ; number += 1) {
  await database.transaction(async (tx) => {
    for (const half of ["first", "second"]) {
      await insertAudit(tx, {
        at: number,
        actor: half,
        action: "write",
        object: String(number),
        remoteAddress: "",
        requestId: "",
        detail: "{}",
      });
    }
  });
  process.stdout.write(`${number}\n`);
}
