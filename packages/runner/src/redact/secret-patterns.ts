import { shellQuote } from "@courier/core";
import { secretLengthMin } from "../limits.ts";

/**
 * The byte sequences by which a secret is recognised: itself, each of its lines, and how base64 (at each of the three alignments),
 * URLs, JSON and shells would write it. Without newlines, which the redactor looks through. Empty for a secret that is too
 * short to be masked: every other text would be.
 */
export function secretPatterns(secret: string): readonly Buffer[] {
  // Lone surrogates become what they are when a process gets them.
  const text = Buffer.from(secret.trim()).toString("utf8");
  if (!isMaskable(text)) return [];
  const forms = [
    ...[text, ...text.split(/[\r\n]+/).map((line) => line.trim())],
    ...base64Forms(Buffer.from(text)),
    ...urlForms(text),
    ...jsonForms(text),
    shellQuote(text).slice(1, -1),
  ];
  const distinct = new Set(forms.map(withoutLineBreaks));
  return [...distinct].map((form) => Buffer.from(form)).filter(isLongEnough);
}

/** Whether a secret is long enough to be masked in a stream. Line breaks do not count, because they are looked through. */
export function isMaskable(secret: string): boolean {
  return isLongEnough(Buffer.from(withoutLineBreaks(secret.trim())));
}

function withoutLineBreaks(text: string): string {
  return text.replaceAll(/[\r\n]/g, "");
}

function isLongEnough(bytes: Buffer): boolean {
  return bytes.length >= secretLengthMin;
}

/** Without the characters at both ends that depend on the neighbours too, and once with what ends the text. */
function base64Forms(bytes: Buffer): readonly string[] {
  const forms = [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    const start = Math.ceil((shift * 8) / 6);
    const end = Math.floor(((shift + bytes.length) * 8) / 6);
    return [encoded.slice(start, end), encoded.slice(start)];
  });
  return [...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}

function urlForms(text: string): readonly string[] {
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const escaped = [component, strict];
  const forms = [...escaped, ...escaped.map((form) => form.replaceAll("%2F", "/"))];
  const withPlus = forms.map((form) => form.replaceAll("%20", "+"));
  const upper = [...forms, ...withPlus];
  return [
    ...upper,
    ...upper.map((form) => form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
  ];
}

/** Escapes of JSON and of the languages that write strings like it. */
function jsonForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replaceAll(
    /[\u0080-\uFFFF]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [json, ascii, json.replaceAll("/", String.raw`\/`)];
}
