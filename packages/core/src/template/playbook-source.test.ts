import { expect, test } from "vitest";
import { playbookSource, shownUrl } from "./playbook-source.ts";

test.each([
  ["/srv/site.yml", "path"],
  ["site.yml", "path"],
  ["http:/site.yml", "path"],
  ["https://example.org/site.yml", "url"],
  ["HTTP://127.0.0.1:8080", "url"],
  ["https://b.s3.example.com/site.yml?X-Amz-Signature=a@b", "url"],
])("%s is a %s", (playbook, kind) => {
  expect(playbookSource(playbook)).toEqual({ kind });
});

test.each([
  ["s3://bucket/site.yml", "give a presigned https URL of the object"],
  ["S3://bucket/site.yml", "give a presigned https URL of the object"],
  ["git+https://example.org/site.git", 'cannot be fetched by "git+https"'],
  ["file:///srv/site.yml", 'cannot be fetched by "file": give a path on the node'],
  ["https://ops:hunter2@example.org/site.yml", "must not hold a user name or password"],
  ["https:///site.yml", "needs a host"],
  ["https://example.org/my site.yml", "must have no white space"],
  ["https://example.org/\u0000", "must have no white space"],
])("refuses %s and says what to give instead", (playbook, words) => {
  const source = playbookSource(playbook);

  expect(source).toEqual({ kind: "refused", reason: expect.stringContaining(words) });
  expect(JSON.stringify(source)).not.toContain("hunter2");
});

test("shows a URL without what may be a signature", () => {
  expect(shownUrl("https://h/site.yml")).toBe("https://h/site.yml");
  expect(shownUrl("https://h/site.yml?token=1\n2#x")).toBe("https://h/site.yml?…");
  expect(shownUrl("https://h/site.yml#token")).toBe("https://h/site.yml?…");
});
