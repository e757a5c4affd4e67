import { questionsOfSubscriptions, SUBSCRIPTION_REQUESTS } from './subscription-requests.ts';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const ACK_ALL = { filter: {}, action: { does: 'ack' } };

/** A correct request to each route of alerts, for whoever asks all routes. */
export const ALERT_REQUESTS = {
  'GET /api/v1/alerts': { ownAreaOnly: true },
  'GET /api/v1/alerts/counts': { ownAreaOnly: true },
  'GET /api/v1/alerts/:id': {},
  'GET /api/v1/alerts/:id/stages': {},
  'GET /api/v1/alerts/:id/evidence/:evidence': {},
  'GET /api/v1/alerts/events': { ownAreaOnly: true },
  'GET /api/v1/alerts/stream': { ownAreaOnly: true },
  'POST /api/v1/alerts/:id/ack': {},
  'POST /api/v1/alerts/:id/assign': { payload: { to: 'Li' } },
  'POST /api/v1/alerts/:id/comment': { payload: { text: 'seen' } },
  'POST /api/v1/alerts/:id/close': { payload: { verdict: 'drill' } },
  'POST /api/v1/alerts/:id/dispatch': { payload: { unit: '110-3' } },
  'POST /api/v1/alerts/:id/arrive': {},
  'POST /api/v1/alerts/:id/feedback': { payload: { text: 'a barbecue' } },
  'POST /api/v1/alerts/:id/reopen': { payload: { text: 'smoke again' } },
  'POST /api/v1/alerts/:id/shelve': { payload: { minutes: 5, reason: 'a test of the alarm' } },
  'POST /api/v1/alerts/:id/snooze': { payload: { minutes: 5 } },
  'POST /api/v1/alerts/:id/unshelve': {},
  'POST /api/v1/alerts/:id/plates': { payload: { purpose: 'maintenance', case: 'A-1' } },
  'GET /api/v1/rules': { ownAreaOnly: true },
  ...SUBSCRIPTION_REQUESTS,
  'POST /api/v1/alerts/bulk/preview': { payload: ACK_ALL, ownAreaOnly: true },
  'POST /api/v1/alerts/bulk': { payload: ACK_ALL, tokenFrom: '/api/v1/alerts/bulk/preview', ownAreaOnly: true },
  'GET /api/v1/alerts/bulk/:id': {},
  'GET /api/v1/incidents': { ownAreaOnly: true },
  'POST /api/v1/incidents': { payload: { title: 'a fire', alerts: [NOBODY] }, ownAreaOnly: true },
  'GET /api/v1/incidents/:id': {},
  'GET /api/v1/incidents/:id/history': {},
  'POST /api/v1/incidents/:id/merge': { payload: { alerts: [NOBODY] } },
  'POST /api/v1/incidents/:id/split': { payload: { alerts: [NOBODY] } },
  'POST /api/v1/incidents/:id/close': { payload: { verdict: 'drill' } },
  'DELETE /api/v1/incidents/:id': { ifMatch: true },
  'GET /api/v1/silences': { ownAreaOnly: true },
  'POST /api/v1/silences/preview': { payload: { jurisdiction: '330212' }, ownAreaOnly: true },
  'POST /api/v1/silences': {
    payload: { jurisdiction: '330212', reason: 'works', endsAt: '2036-01-01T00:00:00Z' },
    ownAreaOnly: true,
  },
  'GET /api/v1/silences/:id': {},
  'DELETE /api/v1/silences/:id': { ifMatch: true },
  'GET /api/v1/watchlists': { ownAreaOnly: true },
  'POST /api/v1/watchlists': {
    payload: {
      name: 'stolen',
      jurisdiction: '330212',
      reason: 'stolen',
      case: 'A-1',
      entries: [{ plate: '浙B12345', reason: 'stolen', validUntil: '2036-01-01T00:00:00Z' }],
    },
    ownAreaOnly: true,
  },
  'DELETE /api/v1/watchlists/:id': { ifMatch: true },
};

/** A question to each route of alerts that answers one. */
export function ofAlerts({ alert, subscription }: { alert: string; subscription: string }): Record<string, string> {
  return {
    'GET /alerts': '/alerts',
    'GET /alerts/counts': '/alerts/counts',
    'GET /alerts/bulk/{id}': `/alerts/bulk/${NOBODY}`,
    'GET /incidents': '/incidents',
    'GET /incidents/{id}': `/incidents/${NOBODY}`,
    'GET /incidents/{id}/history': `/incidents/${NOBODY}/history`,
    'GET /silences': '/silences',
    'GET /silences/{id}': `/silences/${NOBODY}`,
    'GET /alerts/{id}/stages': `/alerts/${alert}/stages`,
    'GET /alerts/{id}': `/alerts/${alert}`,
    'GET /alerts/{id}/evidence/{evidence}': `/alerts/${alert}/evidence/x`,
    'GET /alerts/events': '/alerts/events',
    'GET /rules': '/rules',
    ...questionsOfSubscriptions({ alert, subscription }),
    'GET /watchlists': '/watchlists',
  };
}
