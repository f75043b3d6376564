// Virtual agents in a process of their own, so that the server's CPU time can be measured apart.

import { serveFleet } from "@courier/testkit";

await serveFleet();
