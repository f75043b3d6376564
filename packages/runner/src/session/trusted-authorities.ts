import { rootCertificates } from "node:tls";

/** TLS options that trust the public authorities and one more, PEM text; none where there is no such authority. */
export function trustedAuthorities(caPem: string | undefined): { readonly ca?: string[] } {
  return caPem === undefined ? {} : { ca: [...rootCertificates, caPem] };
}
