import type { AlertView } from '../../../../../src/alerts/desk/alert.ts';
import type { WatchlistView } from '../../../../../src/alerts/watchlists/view.ts';
import type { AlertParts } from '../../../../../src/api/alert-parts.ts';
import { toRfc3339 } from '../../../../../src/core/clock.ts';
import type { Caller } from '../../../../../src/core/types.ts';

type Parts = Pick<AlertParts, 'watchlists' | 'lists' | 'entryFiles' | 'hits' | 'permits' | 'whole'>;

const LIST: WatchlistView = {
  id: '6b1f1b3c-1c9b-4c7e-9d2f-0000000000f1',
  name: 'stolen cars',
  jurisdiction: '330212',
  reason: 'theft',
  case: 'C-1',
  createdBy: 'li',
  createdAt: toRfc3339(0),
  state: 'active',
  inForce: true,
  emergency: false,
  entries: 1,
  from: null,
  until: toRfc3339(1),
  approveBy: null,
  order: null,
  named: null,
  requestedBy: 'li',
  requestedAt: toRfc3339(0),
  approvedBy: 'wang',
  approvedAt: toRfc3339(0),
  byYou: false,
  asked: null,
  ended: null,
  version: 1,
};

/** One control order, with one hit and one permit, of here. */
export function memoryWatchlists(requireHere: (caller: Caller) => void, alert: AlertView): Parts {
  const here = async (caller: Caller) => {
    requireHere(caller);
    return LIST;
  };
  const none = async (caller: Caller) => {
    await here(caller);
    return { items: [], next: null };
  };
  const hit = async (caller: Caller) => {
    requireHere(caller);
    const stands = { candidate: false, historical: false, covert: false, escalated: 0 };
    return { alert: alert.id, state: 'raised' as const, ...stands, raisedAt: alert.firstAt, steps: [] };
  };
  const permit = {
    id: '6b1f1b3c-1c9b-4c7e-9d2f-0000000000f2',
    holder: { type: 'token' as const, id: 'token-1', name: 'token-1' },
    jurisdiction: alert.jurisdiction,
    purpose: 'investigation',
    case: 'C-1',
    until: toRfc3339(1),
    givenBy: 'wang',
    givenAt: toRfc3339(0),
  };
  return {
    watchlists: {
      create: async () => ({ id: 'w-1', entries: 1 }),
      step: here,
      remove: async (caller) => requireHere(caller),
    },
    lists: {
      list: async () => [],
      get: here,
      entries: none,
      hits: none,
    },
    entryFiles: {
      add: async (caller) => {
        await here(caller);
        return { lines: 0, added: 0, known: 0, refused: 0, faults: [], entries: 0 };
      },
    },
    hits: { get: hit, step: hit },
    permits: {
      give: async () => permit,
      list: async () => [],
      end: async (caller) => requireHere(caller),
      of: () => null,
      holds: () => false,
    },
    whole: {
      get: async (caller) => {
        requireHere(caller);
        return alert;
      },
      list: async () => ({ items: [], next: null }),
      entries: async () => new Map(),
    },
  };
}
