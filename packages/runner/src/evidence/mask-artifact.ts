import { open } from "node:fs/promises";
import { maskChunkBytes } from "../limits.ts";
import { Redactor, type SecretMask } from "../redact/redactor.ts";
import type { ArtifactContent, OpenArtifact } from "./artifact-file.ts";

/**
 * Copies an artifact with its secrets masked to `target`, and closes it. A copy, because an entry of the archive begins with
 * its size. Encodings that the redactor does not know (a compressed file, say) hide what they hold.
 */
export async function maskArtifact(
  { file, sizeBytes, modifiedAtMs }: OpenArtifact,
  options: { readonly secrets: SecretMask; readonly target: string },
): Promise<ArtifactContent> {
  const copy = await open(options.target, "w+", 0o600);
  try {
    const redactor = new Redactor(options.secrets);
    let readBytes = 0;
    let writtenBytes = 0;
    const write = async (bytes: Buffer): Promise<void> => {
      await copy.write(bytes, 0, bytes.length, writtenBytes);
      writtenBytes += bytes.length;
    };
    while (readBytes < sizeBytes) {
      const length = Math.min(maskChunkBytes, sizeBytes - readBytes);
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length);
      if (bytesRead === 0) break;
      readBytes += bytesRead;
      await write(redactor.push(buffer.subarray(0, bytesRead)));
    }
    await write(redactor.end());
    const isChanged = readBytes < sizeBytes || (await hasChanged(file, modifiedAtMs));
    return { file: copy, sizeBytes: writtenBytes, modifiedAtMs, isCopyOfChanged: isChanged };
  } catch (error) {
    await copy.close();
    throw error;
  } finally {
    await file.close();
  }
}

/** Whether a file that was read to the size it had has been written to meanwhile. */
export async function hasChanged(
  file: OpenArtifact["file"],
  modifiedAtMs: number,
): Promise<boolean> {
  const { bytesRead } = await file.read(Buffer.alloc(1), 0, 1);
  return bytesRead > 0 || (await file.stat()).mtimeMs !== modifiedAtMs;
}
