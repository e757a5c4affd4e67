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

/** Two grants that somebody of elsewhere asked for, and what they ask for. */
export async function askedGrants(gateway: Gateway) {
  const asker = { name: 'asker', role: 'operator', jurisdiction: '330206' };
  const bearer = async (body: object) => {
    return { authorization: `Bearer ${(await gateway.api('POST', '/tokens', { body })).body.token}` };
  };
  const headers = await bearer(asker);
  const second = await bearer({ name: 'approver', role: 'approver', jurisdiction: '330203' });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const wish = { jurisdiction: '330203', case: 'A-1', reason: 'theft', until };
  const ids = [];
  for (const body of [wish, wish]) ids.push((await gateway.api('POST', '/grants', { body, headers })).body.id);
  return { headers, second, wish, ids };
}

/** A person with two sessions, asked as by a browser in one of them. */
export async function ownSession(gateway: Gateway, person: { username: string; password: string }) {
  await gateway.api('POST', '/users', { body: person });
  const { username, password } = person;
  const enter = () => gateway.api('POST', '/session', { body: { username, password }, token: '' });
  await enter();
  const cookie = String((await enter()).headers.get('set-cookie')).split(';')[0] ?? '';
  const headers = { cookie, 'x-citywatch': 'console' };
  const { items } = (await gateway.api('GET', '/session/open', { token: '', headers })).body;
  return { headers, other: items.find(({ current }: { current: boolean }) => !current).id };
}
