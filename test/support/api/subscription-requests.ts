import type { Edit } from './edits.ts';

/** Correct requests to the routes of who is told, and of who tells; see `every-route-keeps-its-rights.test.ts`. */
export const SUBSCRIPTION_REQUESTS = {
  'GET /queues': { ownAreaOnly: true },
  'GET /queues/*': { ownAreaOnly: true },
  'GET /api/v1/queues/set-apart': { ownAreaOnly: true },
  'GET /api/v1/subscriptions': { ownAreaOnly: true },
  'POST /api/v1/subscriptions': {
    payload: { name: 'centre', url: 'https://centre.example/hook', jurisdiction: '330212' },
    ownAreaOnly: true,
  },
  'DELETE /api/v1/subscriptions/:id': { ifMatch: true },
  'POST /api/v1/subscriptions/:id/take-over': {},
  'POST /api/v1/subscriptions/:id/test': {},
  'POST /api/v1/subscriptions/:id/secret': { payload: {} },
  'GET /api/v1/subscriptions/:id/dead-letters': {},
  'POST /api/v1/subscriptions/:id/dead-letters': {},
  'POST /api/v1/alerts/drills': { payload: { device: 'kiosk-1', rule: 'kiosk-fire', note: 'rehearsal' } },
  'GET /api/v1/alerts/cap': { ownAreaOnly: true },
  'GET /api/v1/alerts/:id/cap': {},
  'GET /api/v1/event-sources': { ownAreaOnly: true },
  'POST /api/v1/event-sources': {
    payload: { id: 'zabbix', name: 'Zabbix', jurisdiction: '330212' },
    ownAreaOnly: true,
  },
  'DELETE /api/v1/event-sources/:id': { ifMatch: true },
};

/** Questions of somebody who may not see these; see `border.ts`. */
export function questionsOfSubscriptions({ alert, subscription }: { alert: string; subscription: string }) {
  return {
    'GET /subscriptions': '/subscriptions',
    'GET /subscriptions/{id}/dead-letters': `/subscriptions/${subscription}/dead-letters`,
    'GET /alerts/{id}/cap': `/alerts/${alert}/cap`,
    'GET /alerts/cap': '/alerts/cap',
    'GET /event-sources': '/event-sources',
    'GET /queues/set-apart': '/queues/set-apart',
  };
}

interface Made {
  hook: object;
  subscription: string;
  ownerless: string;
  device: string;
}

/** One that is there already. */
export const EVENT_SOURCE = { id: 'zabbix-old', name: 'Zabbix', jurisdiction: '330203' };

/** Correct edits, in the order in which they make sense; see `edits.ts`. */
export function editsOfSubscriptions({ hook, subscription, ownerless, device }: Made): [string, Edit][] {
  const first = { 'if-match': '"1"' };
  return [
    ['POST /subscriptions', { body: hook }],
    ['POST /subscriptions/{id}/dead-letters', { path: `/subscriptions/${subscription}/dead-letters` }],
    ['POST /subscriptions/{id}/test', { path: `/subscriptions/${subscription}/test` }],
    ['POST /subscriptions/{id}/secret', { path: `/subscriptions/${subscription}/secret`, body: {} }],
    ['POST /subscriptions/{id}/take-over', { path: `/subscriptions/${ownerless}/take-over` }],
    ['DELETE /subscriptions/{id}', { path: `/subscriptions/${subscription}`, headers: first }],
    ['POST /alerts/drills', { body: { device, rule: 'kiosk-full', note: 'rehearsal' } }],
    ['POST /event-sources', { body: { ...EVENT_SOURCE, id: 'zabbix' } }],
    ['DELETE /event-sources/{id}', { path: `/event-sources/${EVENT_SOURCE.id}`, headers: first }],
  ];
}
