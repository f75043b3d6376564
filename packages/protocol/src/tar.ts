/** A regular file of a tar archive. */
export interface TarEntry {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  /** Bytes; exactly as many must follow the head. */
  readonly size: number;
  /** Unix seconds. */
  readonly modifiedAt: number;
}

const blockBytes = 512;

/** The head of an entry, one character per byte (latin1). Long and non-ASCII paths get a pax record before it. */
export function tarHead({ path, size, modifiedAt }: TarEntry): string {
  const name = utf8(path);
  const isPlain = name.length <= 100 && name === path;
  const record = isPlain ? "" : paxRecord("path", name);
  const pax =
    record === ""
      ? ""
      : header({ name: "pax", size: record.length, modifiedAt, kind: "x" }) +
        record +
        tarPadding(record.length);
  const shortName = isPlain ? name : name.slice(-100);
  return pax + header({ name: shortName, size, modifiedAt, kind: "0" });
}

/** What fills the last block of an entry. */
export function tarPadding(size: number): string {
  return "\0".repeat((blockBytes - (size % blockBytes)) % blockBytes);
}

/** The end of an archive. */
export const tarEnd: string = "\0".repeat(2 * blockBytes);

function header(entry: {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: number;
  readonly kind: "0" | "x";
}): string {
  const before = [
    entry.name.padEnd(100, "\0"),
    octal(0o644, 8),
    octal(0, 8),
    octal(0, 8),
    octal(entry.size, 12),
    octal(Math.max(0, Math.floor(entry.modifiedAt)), 12),
  ].join("");
  const after = `${entry.kind}${"\0".repeat(100)}ustar\u000000`.padEnd(blockBytes - 156, "\0");
  // The sum counts its own field as spaces.
  const sum = byteSum(before) + byteSum(after) + 8 * 0x20;
  return `${before}${sum.toString(8).padStart(6, "0")}\0 ${after}`;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function byteSum(text: string): number {
  let sum = 0;
  for (let index = 0; index < text.length; index += 1) sum += text.charCodeAt(index);
  return sum;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}

/** A text's UTF-8 bytes, one character each. */
function utf8(text: string): string {
  const wellFormed = text.replaceAll(/[\ud800-\udfff]/gu, "\ufffd");
  return encodeURIComponent(wellFormed).replaceAll(/%([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
