import { randomUUID } from 'node:crypto';
import type { Gateway } from '../gateway/gateway.ts';
import { tinyPicture } from '../ingest/images.ts';

const PNG = { 'content-type': 'image/png' };

/** A photo that a work order has. Resolves with its id. */
export async function photoOf(gateway: Gateway, order: string): Promise<string> {
  const id = randomUUID();
  await gateway.api('POST', `/orders/${order}/photos?id=${id}`, { body: tinyPicture(), headers: PNG });
  return id;
}

/**
 * A device that may be accepted, with a photo of its sign, and that may fetch its secret by a code; `other` may too.
 */
export async function readyDevice(gateway: Gateway, device: { id: string } & Record<string, unknown>, other: string) {
  const sign = randomUUID();
  await gateway.register({ ...device, state: 'installed' });
  const path = `/devices/${device.id}/photos?id=${sign}&what=sign`;
  await gateway.api('POST', path, { body: tinyPicture(), headers: PNG });
  const { body } = await gateway.api('POST', `/devices/${device.id}/claim`, { body: { minutes: 60 } });
  await gateway.api('POST', `/devices/${other}/claim`, { body: { minutes: 60 } });
  return { sign, code: body.code as string };
}
