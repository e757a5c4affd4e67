import { z } from 'zod';
import { showAlert } from '../../../../src/alerts/desk/alert.ts';
import type { AlertRow } from '../../../../src/alerts/desk/tables.ts';
import type { Rule } from '../../../../src/alerts/rules/rules.ts';
import type { AlertParts } from '../../../../src/api/alert-parts.ts';
import { covers } from '../../../../src/core/jurisdiction.ts';
import type { Caller } from '../../../../src/core/types.ts';
import { HERE, requireHere } from '../api-parts.ts';
import { memoryBundles } from './bundles.ts';
import { memoryDuty } from './desk/duty.ts';
import { MEMORY_TOOLS, memorySubscriptions } from './desk/subscriptions.ts';
import { memoryWatchlists } from './desk/watchlists.ts';

/** A rule in force, as far as routes show it. */
const RULE = {
  rule: 'kiosk-full',
  version: 1,
  title: { en: 'Fire', zh: '火警' },
  severity: 'extreme',
  class: 'fault',
  kinds: ['recycling-kiosk'],
  condition: { type: 'threshold' },
} as unknown as Rule;

const ROW: AlertRow = {
  id: 'alert-1',
  dedup_key: 'kiosk-fire|kiosk-1',
  rule: 'kiosk-fire',
  rule_version: 1,
  title: { en: 'Fire', zh: '火警' },
  severity: 'extreme',
  // On the desk that all see who see any.
  class: 'fault',
  desk: 'maintenance',
  condition: 'active',
  handling: 'new',
  condition_reason: null,
  visibility: 'normal',
  verdict: null,
  device: 'kiosk-1',
  device_name: 'kiosk-1',
  jurisdiction: HERE,
  lat: 29.82,
  lon: 121.55,
  police: null,
  first_at_ms: 0,
  last_at_ms: 0,
  occurrences: 1,
  device_at_ms: 0,
  received_at_ms: 0,
  decided_at_ms: 0,
  committed_at_ms: 0,
  fired_at_ms: 0,
  data: {},
  plates_sealed: null,
  seen_by: null,
  evidence: [],
  comments: [],
  acked_by: null,
  acked_by_id: null,
  acked_at_ms: null,
  ack_until_ms: null,
  assigned_to: null,
  unit: null,
  dispatched_at_ms: null,
  arrived_at_ms: null,
  hidden: null,
  incident: null,
  closed_by: null,
  closed_at_ms: null,
  previous_id: null,
  receipt: 'live-1',
  storm: null,
  storm_count: 0,
  level: 0,
  climbs_at_ms: null,
  exercise: false,
  cases: [],
  departments: null,
  version: 1,
};

const ALERT = showAlert(ROW);

const NONE = { all: 0, severity: {}, handling: {}, condition: {}, visibility: {} };

const STAGES = {
  event: null,
  received: ALERT.firstAt,
  decided: ALERT.firstAt,
  committed: ALERT.firstAt,
  sent: null,
  acked: null,
  dispatched: null,
  arrived: null,
  closed: null,
};

const BULK = {
  id: 'bulk-1',
  state: 'done' as const,
  alerts: 1,
  done: 1,
  unchanged: 0,
  refused: 0,
  refusals: [],
  createdAt: ALERT.firstAt,
  endedAt: null,
};

const INCIDENT = {
  id: 'incident-1',
  title: 'a fire in the market',
  state: 'open' as const,
  jurisdiction: HERE,
  police: null,
  takes: null,
  openedBy: 'Li',
  openedAt: ALERT.firstAt,
  closedBy: null,
  closedAt: null,
  alerts: 1,
  version: 1,
};

async function incidentHere(caller: Caller): Promise<typeof INCIDENT> {
  requireHere(caller);
  return INCIDENT;
}

const SILENCE = {
  id: 'silence-1',
  state: 'active' as const,
  jurisdiction: HERE,
  police: null,
  rule: null,
  kind: 'camera',
  device: null,
  reason: 'works',
  startsAt: ALERT.firstAt,
  endsAt: ALERT.firstAt,
  repeats: null,
  turnsAt: null,
  endedAt: null,
  endedBy: null,
  createdBy: 'Li',
  createdAt: ALERT.firstAt,
  holds: 1,
  version: 1,
};

async function noneHere(caller: Caller): Promise<[]> {
  requireHere(caller);
  return [];
}

const CASES: AlertParts['cases'] = { history: noneHere, near: noneHere };

/** One alert, whose feed ends at once. */
export function memoryAlerts(): AlertParts {
  const here = async (caller: Caller) => {
    requireHere(caller);
    return ALERT;
  };
  const mine = (caller: Caller) => (covers(caller, HERE) ? [ALERT] : []);
  return {
    rules: () => [RULE],
    queries: {
      get: here,
      list: async (caller) => ({ items: mine(caller), next: null }),
      events: async () => ({ entries: [], seq: 0 }),
      counts: async (caller) => ({ ...NONE, all: mine(caller).length }),
      stages: async (caller) => {
        requireHere(caller);
        return STAGES;
      },
      openCounts: async () => ({ police: { extreme: 1 }, maintenance: {} }),
      ownCounts: async () => ({ police: {}, maintenance: {} }),
      ofCamera: async () => [],
    },
    open: { ofDevices: async () => new Map(), seenBy: async () => new Set() },
    cases: CASES,
    figures: { times: async () => [], precision: async () => [] },
    feed: {
      epoch: 'epoch-1',
      floor: 0,
      head: 0,
      newest: async () => 0,
      next: async (_caller, seq) => ({ entries: [], seq }),
    },
    evidence: {
      shown: async (caller) => {
        requireHere(caller);
        const data = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
        return { camera: 'camera-1', type: 'image/jpeg', data, platesOf: null };
      },
    },
    bundles: memoryBundles(),
    plates: {
      show: async (caller) => {
        requireHere(caller);
        return { plate: '浙B12345' };
      },
    },
    ...memoryHandling(mine),
    actions: { do: here },
    ...memoryDuty(),
    ...memoryWatchlists(requireHere, ALERT),
    subscriptions: memorySubscriptions(),
    ...memoryOthers(here),
    sinks: new Map([
      ['webhook', { type: 'webhook', schema: z.strictObject({ url: z.string(), secret: z.string().optional() }) }],
    ]),
    looks: { add: async () => 1 },
  };
}

/** What people do with many alerts: one of each, of here. */
function memoryHandling(
  mine: (caller: Caller) => (typeof ALERT)[],
): Pick<AlertParts, 'bulk' | 'incidents' | 'incidentReads' | 'silences'> {
  return {
    bulk: {
      preview: async (caller) => ({ count: mine(caller).length, seq: 1, alerts: mine(caller) }),
      begin: async () => BULK,
      get: async (caller) => {
        requireHere(caller);
        return BULK;
      },
    },
    incidents: {
      open: async () => INCIDENT,
      merge: incidentHere,
      split: incidentHere,
      close: incidentHere,
      dissolve: async (caller) => requireHere(caller),
    },
    incidentReads: {
      list: async () => [],
      get: incidentHere,
      history: async (caller) => {
        requireHere(caller);
        return [];
      },
    },
    silences: {
      preview: async () => ({ hides: 1, leaves: 0, alerts: [], windows: [], lastWeek: null }),
      create: async () => SILENCE,
      list: async () => [],
      get: async (caller) => {
        requireHere(caller);
        return SILENCE;
      },
      end: async (caller) => requireHere(caller),
    },
  };
}

type OfOthers = 'subscriptionTools' | 'drills' | 'cap' | 'receipts' | 'eventSources' | 'outsideEvents';

/** What others say and are told: one of each, of here. */
function memoryOthers(here: (caller: Caller) => Promise<typeof ALERT>): Pick<AlertParts, OfOthers> {
  const about = { id: 'zabbix', name: 'Zabbix', jurisdiction: HERE, severityMax: 'severe' as const };
  const source = { ...about, createdBy: 'admin', createdAt: ALERT.firstAt };
  return {
    subscriptionTools: MEMORY_TOOLS,
    drills: { start: here },
    cap: {
      message: async (caller) => {
        requireHere(caller);
        return '<alert/>';
      },
      feed: async () => '<feed/>',
    },
    receipts: { add: async () => true, verify: async () => {} },
    eventSources: {
      create: async () => ({ source, routingKey: 'one-time' }),
      list: async () => [],
      remove: async (caller) => requireHere(caller),
    },
    outsideEvents: { admit: async () => source, take: async () => 'key-1' },
  };
}
