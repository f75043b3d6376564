import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { ServerKey } from "@courier/gateway";
import { insertSettingIfAbsent, readSetting, type Database } from "@courier/store";

const settingName = "server-key";

/** The service's Ed25519 key: made once per database, the same on every replica. */
export async function loadServerKey(db: Database): Promise<ServerKey> {
  const stored = await readSetting(db, settingName);
  return decode(stored ?? (await insertSettingIfAbsent(db, settingName, generate())));
}

/** PKCS 8 in base64. Whoever reads the database can pose as the service. */
function generate(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
}

function decode(text: string): ServerKey {
  const der = Buffer.from(text, "base64");
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { privateKey, publicKey: publicKey.toString("base64") };
}
