/** Where a playbook is, as a step's command says it; or why none can be had from there, with the remedy. */
export type PlaybookSource =
  | { readonly kind: "path" }
  | { readonly kind: "url" }
  | { readonly kind: "refused"; readonly reason: string };

/** Says what `args.playbook` of a playbook's step is. No reason repeats it: it may hold credentials. */
export function playbookSource(playbook: string): PlaybookSource {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(playbook);
  if (match === null) return { kind: "path" };
  const [, scheme = "", authority = ""] = match;
  const reason = refusal(scheme.toLowerCase(), authority, playbook);
  return reason === undefined ? { kind: "url" } : { kind: "refused", reason };
}

function refusal(scheme: string, authority: string, playbook: string): string | undefined {
  if (scheme === "s3") {
    return "a playbook cannot be fetched from an S3 address, which needs credentials that nodes do not have: give a presigned https URL of the object";
  }
  if (scheme !== "http" && scheme !== "https") {
    return `a playbook cannot be fetched by "${scheme}": give a path on the node, or an http or https URL`;
  }
  if (authority.includes("@")) {
    return "the URL of a playbook must not hold a user name or password: give a presigned URL, or fetch the playbook in a step before";
  }
  if (authority === "" || hasSpace(playbook)) {
    return "the URL of a playbook needs a host, and must have no white space";
  }
  return undefined;
}

function hasSpace(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return /[\s\u0000-\u001f\u007f]/.test(text);
}

/** A URL as people may see it: what follows the path may be a signature. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, "?…");
}
