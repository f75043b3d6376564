#!/usr/bin/env node
import { serveFleet } from "../dist/virtual-fleet-process.js";

await serveFleet();
