import type { Gateway } from '../gateway/gateway.ts';
import { until } from '../time/until.ts';
import type { Edit } from './edits.ts';

const FAR = '2036-01-01T00:00:00Z';
const entries = [{ plate: '浙B12345', reason: 'stolen', validUntil: FAR }];
const text = { text: 'seen' };
const reason = { reason: 'no case' };
const TITLES = Buffer.from('plate,reason\n浙B54321,stolen\n');
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** A correct request for each route of watchlists, hits and permits. */
export const WATCHLIST_REQUESTS = {
  'GET /api/v1/watchlists': { ownAreaOnly: true },
  'GET /api/v1/watchlists/:id': {},
  'GET /api/v1/watchlists/:id/entries': {},
  'GET /api/v1/watchlists/:id/hits': {},
  'POST /api/v1/watchlists': {
    payload: { name: 'stolen', jurisdiction: '330212', reason: 'stolen', case: 'A-1', entries },
    ownAreaOnly: true,
  },
  'POST /api/v1/watchlists/:id/entries': { payload: TITLES, type: 'text/csv' },
  'POST /api/v1/watchlists/:id/request': {},
  'POST /api/v1/watchlists/:id/approve': {},
  'POST /api/v1/watchlists/:id/reject': { payload: reason },
  'POST /api/v1/watchlists/:id/renew': { payload: { until: FAR, ...reason } },
  'POST /api/v1/watchlists/:id/revoke': { payload: reason },
  'DELETE /api/v1/watchlists/:id': { ifMatch: true },
  'GET /api/v1/alerts/:id/hit': {},
  'POST /api/v1/alerts/:id/hit/sign': {},
  'POST /api/v1/alerts/:id/hit/confirm': {},
  'POST /api/v1/alerts/:id/hit/refute': { payload: text },
  'POST /api/v1/alerts/:id/hit/order': { payload: text },
  'POST /api/v1/alerts/:id/hit/report': { payload: text },
  'GET /api/v1/plate-permits': { ownAreaOnly: true },
  'POST /api/v1/plate-permits': {
    payload: { holder: { type: 'token', id: NOBODY }, purpose: 'investigation', case: 'A-1', until: FAR },
    ownAreaOnly: true,
  },
  'POST /api/v1/plate-permits/:id/end': {},
};

/** A question to each route that reads them. */
export function questionsOfWatchlists(alert: string): Record<string, string> {
  return {
    'GET /watchlists': '/watchlists',
    'GET /watchlists/{id}': `/watchlists/${NOBODY}`,
    'GET /watchlists/{id}/entries': `/watchlists/${NOBODY}/entries`,
    'GET /watchlists/{id}/hits': `/watchlists/${NOBODY}/hits`,
    'GET /alerts/{id}/hit': `/alerts/${alert}/hit`,
    'GET /plate-permits': '/plate-permits',
  };
}

/** Within a year from now. */
const soon = (): string => new Date(Date.now() + 30 * 86_400_000).toISOString();

/** A control order of `jurisdiction`, as it is asked for. */
export function orderBody(jurisdiction: string, over: object = {}) {
  const who = { unit: '海曙分局', officer: '李', phone: '0574 1234567', category: 'stolen-vehicle', level: 2 };
  const order = { ...who, handling: 'intercept', until: soon(), ...over };
  return { name: 'stolen', jurisdiction, reason: 'stolen', case: 'A-1', order };
}

/** A token of a second person: that of the administrator, who made that of the first, is the first one's too. */
export async function secondPerson(gateway: Gateway, jurisdiction: string): Promise<string> {
  const body = { name: 'approves', role: 'approver', jurisdiction };
  return (await gateway.api('POST', '/tokens', { body })).body.token;
}

/**
 * A correct request for each route that edits watchlists, hits and permits, to what is made for it: lists that somebody
 * else asked for, and an alert of a wanted plate for each step. `holder` is somebody with an account.
 */
export async function watchlistEdits(
  gateway: Gateway,
  jurisdiction: string,
  holder: string,
): Promise<[string, Edit][]> {
  const made = async (path: string, body: object, token?: string) =>
    (await gateway.api('POST', path, { body, ...(token === undefined ? {} : { token }) })).body;
  const { token } = await made('/tokens', { name: 'asks', role: 'operator', jurisdiction });
  const second = await secondPerson(gateway, jurisdiction);
  const asked = async (): Promise<string> => {
    const { id } = await made('/watchlists', { ...orderBody(jurisdiction), entries: entriesOf() }, token);
    await made(`/watchlists/${id}/request`, {}, token);
    return id;
  };
  const approved = async (): Promise<string> => {
    const id = await asked();
    await made(`/watchlists/${id}/approve`, {}, second);
    return id;
  };
  const draft = (await made('/watchlists', orderBody(jurisdiction))).id;
  const lists = { asked: await asked(), rejected: await asked(), renewed: await approved(), revoked: await approved() };
  const hits = await hitsAt(gateway, jurisdiction);
  const permit = { holder: { type: 'person', id: holder }, jurisdiction, purpose: 'theft', case: 'A-1', until: soon() };
  const given = (await made('/plate-permits', permit)).id;
  const headers = { authorization: `Bearer ${second}` };
  const file = { body: TITLES, headers: { 'content-type': 'text/csv' } };
  const renewal = { until: new Date(Date.now() + 60 * 86_400_000).toISOString(), ...reason };
  return [
    ['POST /watchlists/{id}/entries', { path: `/watchlists/${draft}/entries`, ...file }],
    ['POST /watchlists/{id}/request', { path: `/watchlists/${draft}/request` }],
    ['POST /watchlists/{id}/approve', { path: `/watchlists/${lists.asked}/approve`, headers }],
    ['POST /watchlists/{id}/reject', { path: `/watchlists/${lists.rejected}/reject`, body: reason, headers }],
    ['POST /watchlists/{id}/renew', { path: `/watchlists/${lists.renewed}/renew`, body: renewal }],
    ['POST /watchlists/{id}/revoke', { path: `/watchlists/${lists.revoked}/revoke`, body: reason }],
    ['POST /alerts/{id}/hit/sign', { path: `/alerts/${hits.sign}/hit/sign` }],
    ['POST /alerts/{id}/hit/confirm', { path: `/alerts/${hits.confirm}/hit/confirm` }],
    ['POST /alerts/{id}/hit/order', { path: `/alerts/${hits.order}/hit/order`, body: text }],
    ['POST /alerts/{id}/hit/report', { path: `/alerts/${hits.report}/hit/report`, body: text }],
    ['POST /alerts/{id}/hit/refute', { path: `/alerts/${hits.refute}/hit/refute`, body: text }],
    ['POST /plate-permits', { body: permit }],
    ['POST /plate-permits/{id}/end', { path: `/plate-permits/${given}/end` }],
  ];
}

function entriesOf() {
  return [{ plate: '浙B54321', reason: 'stolen' }];
}

/** What is done with a hit before each step. */
const BEFORE = {
  sign: [],
  confirm: ['sign'],
  refute: ['sign'],
  order: ['sign', 'confirm'],
  report: ['sign', 'confirm'],
};

/** For each step an alert of a wanted plate that stands before it. */
async function hitsAt(gateway: Gateway, jurisdiction: string): Promise<Record<keyof typeof BEFORE, string>> {
  const list = { name: 'wanted', jurisdiction, reason: 'theft', case: 'A-1' };
  const wanted = [{ plate: '浙B77777', reason: 'stolen', validUntil: soon() }];
  await gateway.api('POST', '/watchlists', { body: { ...list, entries: wanted } });
  const alerts: Record<string, string> = {};
  for (const [step, before] of Object.entries(BEFORE)) {
    const id = `checkpoint-${step}`;
    const place = { jurisdiction, location: { lat: 29.87, lon: 121.55 } };
    const secret = await gateway.register({ id, kind: 'checkpoint', ...place });
    const body = { ts: Date.now(), type: 'passage', data: { plate: '浙B77777', lane: 1 } };
    await gateway.api('POST', `/devices/${id}/events`, { body, token: `${id}:${secret}` });
    const found = async () => (await gateway.get(`/alerts?device=${id}`)).items[0];
    const alert = (await until('the alert', found)).id;
    for (const done of before) await gateway.api('POST', `/alerts/${alert}/hit/${done}`);
    alerts[step] = alert;
  }
  return alerts as Record<keyof typeof BEFORE, string>;
}
