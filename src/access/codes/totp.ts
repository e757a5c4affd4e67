import { createHmac, timingSafeEqual } from 'node:crypto';

/** RFC 6238 as every authenticator has it: SHA-1, six digits, steps of 30 s. */
const STEP_MS = 30_000;
const DIGITS = 6;
/** Clocks of telephones differ: the step before and the one after count as well. */
const STEPS_OFF = 1;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** As RFC 4226 recommends: as long as the hash. */
export const TOTP_SECRET_BYTES = 20;

/** The code of one step. */
export function codeAt(secret: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac[mac.length - 1]! & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

export function stepAt(atMs: number): number {
  return Math.floor(atMs / STEP_MS);
}

/** The step a code belongs to, among those near `atMs` and after `usedStep`; null for a wrong or used code. */
export function stepOfCode(secret: Buffer, code: string, { atMs, usedStep }: { atMs: number; usedStep: number }) {
  const given = Buffer.from(code);
  const now = stepAt(atMs);
  for (let step = now - STEPS_OFF; step <= now + STEPS_OFF; step += 1) {
    const right = Buffer.from(codeAt(secret, step));
    if (step > usedStep && given.length === right.length && timingSafeEqual(given, right)) return step;
  }
  return null;
}

/** What an authenticator reads from a QR code (Key URI Format). */
export function totpUri(secret: Buffer, username: string): string {
  const issuer = 'citywatch';
  return `otpauth://totp/${issuer}:${encodeURIComponent(username)}?secret=${toBase32(secret)}&issuer=${issuer}`;
}

function toBase32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.match(/.{1,5}/g) ?? [];
  return letters.map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}
