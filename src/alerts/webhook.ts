import { createHmac, randomBytes } from 'node:crypto';

/**
 * Standard Webhooks 1.0: a secret is `whsec_` and base64 of 24 to 64 bytes; the signature is HMAC-SHA256 over
 * `id.timestamp.body`, one per live secret, separated by spaces.
 */
export function createWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function signWebhook(secrets: string[], message: { id: string; timestampS: number; body: string }): string {
  const signed = `${message.id}.${message.timestampS}.${message.body}`;
  return secrets
    .map((secret) => Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ');
}

const FIRST_STEPS_MS = [1_000, 2_000, 5_000, 10_000, 20_000, 30_000];
const LATER_STEPS_MS = [60_000, 300_000, 900_000, 3_600_000, 6 * 3_600_000];
/** After this long a delivery becomes a dead letter (contract). */
export const RETRY_FOR_MS = 72 * 3_600_000;

/** Pause before attempt `attempts + 1`: close together at first, hours apart at the end, with a fifth of jitter. */
export function retryPauseMs(attempts: number, random: number): number {
  const steps = [...FIRST_STEPS_MS, ...LATER_STEPS_MS];
  const step = steps[Math.min(attempts - 1, steps.length - 1)] ?? FIRST_STEPS_MS[0]!;
  return Math.round(step * (0.9 + random * 0.2));
}
