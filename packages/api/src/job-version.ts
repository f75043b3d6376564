import { CourierError } from "@courier/core";
import type { JobRow } from "@courier/store";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Gives an answer about a job the ETag that names the job's version. */
export function tagVersion(reply: FastifyReply, row: JobRow): void {
  reply.header("etag", tagOf(row));
}

/** Throws JOB_CHANGED when the request is meant for another version of the job than this one. */
export function requireVersion(request: FastifyRequest, row: JobRow): void {
  const header = request.headers["if-match"];
  if (header === undefined) return;
  const wanted = header.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  const current = tagOf(row);
  if (wanted.some((tag) => tag === "*" || tag === current || `"${tag}"` === current)) return;
  throw new CourierError(
    "JOB_CHANGED",
    `job ${row.id} has changed meanwhile: its ETag is ${current}, the request expects ${header}; nothing was changed`,
  );
}

function tagOf({ version }: JobRow): string {
  return `"${version}"`;
}
