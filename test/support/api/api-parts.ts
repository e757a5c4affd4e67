import { z } from 'zod';
import { showAlert } from '../../../src/alerts/desk/alert.ts';
import type { AlertRow } from '../../../src/alerts/desk/tables.ts';
import type { AlertParts } from '../../../src/api/alert-parts.ts';
import type { ApiDeps, StreamsPort } from '../../../src/api/deps.ts';
import type { CommandsPort, ImagesPort } from '../../../src/api/ports.ts';
import { CitywatchError } from '../../../src/core/errors.ts';
import { covers } from '../../../src/core/jurisdiction.ts';
import type { Caller, Device } from '../../../src/core/types.ts';
import { ASKED_FIELDS, type FileCounts } from '../../../src/devices/file/file-report.ts';
import type { Command } from '../../../src/ingest/commands/rows.ts';
import { PART_TYPE, PLAYLIST_TYPE } from '../../../src/streams/live/hls.ts';
import { memoryReports } from './memory/reports.ts';

/** Parts of the API that live in memory and know one thing each, all of it in this district. */
export const HERE = '330212';

/** One picture of this district, whatever is asked for. */
export function memoryImages(): ImagesPort {
  const id = '00000000-0000-4000-8000-000000000001';
  return {
    keep: async () => ({ id, isNew: true }),
    find: async (caller) => {
      requireHere(caller);
      return { id, device: 'kiosk-1', jurisdiction: HERE, type: 'image/jpeg', receivedAtMs: 0 };
    },
    read: async () => Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
    registerLook: async () => {},
  };
}

/** Refuses callers of elsewhere as the parts do. */
export function requireHere(caller: Caller): void {
  if (!covers(caller, HERE)) throw new CitywatchError('not-found');
}

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
  data: {},
  plates_sealed: null,
  evidence: [],
  comments: [],
  acked_by: null,
  acked_by_id: null,
  acked_at_ms: null,
  assigned_to: null,
  closed_by: null,
  closed_at_ms: null,
  previous_id: null,
  receipt: 'live-1',
  version: 1,
};

const ALERT = showAlert(ROW);

/** One alert, whose feed ends at once. */
export function memoryAlerts(): AlertParts {
  const here = async (caller: Caller) => {
    requireHere(caller);
    return ALERT;
  };
  const mine = (caller: Caller) => (covers(caller, HERE) ? [ALERT] : []);
  return {
    rules: () => [],
    queries: {
      get: here,
      list: async (caller) => ({ items: mine(caller), next: null }),
      events: async () => ({ entries: [], seq: 0 }),
      openCounts: async () => ({ police: { extreme: 1 }, maintenance: {} }),
      ofCamera: async () => [],
    },
    feed: { epoch: 'epoch-1', head: 0, newest: async () => 0, next: async (_caller, seq) => ({ entries: [], seq }) },
    evidence: {
      shown: async (caller) => {
        requireHere(caller);
        return { camera: 'camera-1', type: 'image/jpeg', data: Buffer.from([0xff, 0xd8, 0xff, 0xd9]) };
      },
    },
    plates: {
      show: async (caller) => {
        requireHere(caller);
        return { plate: '浙B12345' };
      },
    },
    watchlists: {
      create: async () => ({ id: 'w-1', entries: 1 }),
      list: async () => [],
      remove: async (caller) => requireHere(caller),
    },
    actions: { ack: here, assign: here, comment: here, close: here },
    subscriptions: memorySubscriptions(),
    sinks: new Map([
      ['webhook', { type: 'webhook', schema: z.strictObject({ url: z.string(), secret: z.string().optional() }) }],
    ]),
    looks: { add: async () => {} },
  };
}

/** One subscription to a webhook, of here. */
function memorySubscriptions(): AlertParts['subscriptions'] {
  const subscription = {
    id: 's-1',
    name: 'centre',
    type: 'webhook',
    target: { url: 'https://centre.example/hook' },
    jurisdiction: HERE,
    police: null,
    severities: ['extreme'],
    classes: null,
    state: 'active' as const,
    stateReason: null,
    createdBy: 'admin',
    createdAt: ALERT.firstAt,
  };
  return {
    create: async () => ({ subscription, secret: 'whsec_one-time' }),
    list: async () => [],
    remove: async (caller) => requireHere(caller),
    takeOver: async (caller) => requireHere(caller),
    deadLetters: async (caller) => {
      requireHere(caller);
      return [];
    },
    redrive: async (caller) => {
      requireHere(caller);
      return 0;
    },
    test: async (caller) => {
      requireHere(caller);
      return { outcome: 'taken', status: 204 };
    },
  };
}

/** One command that was answered, for every device of here. */
export function memoryCommands(): CommandsPort {
  const command: Command = {
    id: '6b1f1b3c-1c9b-4c7e-9d2f-000000000001',
    device: 'kiosk-1',
    name: 'unlock',
    args: {},
    state: 'answered',
    by: { type: 'token', id: 'admin', name: 'admin' },
    createdAtMs: 0,
    deadlineAtMs: 30_000,
    sends: 1,
    sentAtMs: 1,
    deliveredAtMs: 2,
    settledAtMs: 3,
    reply: { ok: true, result: {}, cut: false, late: false, atMs: 3, receipt: 'live-1' },
  };
  const here = async (caller: Caller) => {
    requireHere(caller);
    return command;
  };
  return {
    create: here,
    get: here,
    list: async (caller) => ({ items: [await here(caller)], next: null }),
    handOver: async () => [{ id: command.id, name: 'unlock', args: {}, deadline: 30_000 }],
  };
}

/** Streams that show the same to everybody. */
export function memoryStreams(): StreamsPort {
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
  return {
    playlist: async () => ({ contentType: PLAYLIST_TYPE, quality: 'main', body: '#EXTM3U\n' }),
    mediaPlaylist: async () => ({ contentType: PLAYLIST_TYPE, quality: 'main', body: '#EXTM3U\n' }),
    part: async () => ({ contentType: PART_TYPE, quality: 'main', body: jpeg }),
    snapshot: async () => ({ contentType: 'image/jpeg', quality: 'main', body: jpeg, atMs: 0 }),
    list: () => [],
    status: () => [],
    lease: async () => {
      throw new CitywatchError('stream.full');
    },
    wall: 'as-asked',
  };
}

const NOTHING_LACKS = Object.fromEntries(ASKED_FIELDS.map((name) => [name, 0])) as FileCounts['missing'];
const NO_FILES = { positions: 0, complete: 0, missing: NOTHING_LACKS };
/** Units that are hung up without anything being kept of it. */
export function memoryUnits(
  get: (caller: Caller, id: string) => Promise<Device>,
): Pick<
  ApiDeps,
  'units' | 'unitHistory' | 'certificates' | 'otherUnit' | 'life' | 'maintenances' | 'fileReport' | 'reports'
> {
  const withSecret = async (caller: Caller, id: string) => ({
    device: await get(caller, id),
    secret: 'new-unit-secret',
  });
  const nothing = async () => ({ items: [], next: null });
  const maintenance = { reason: 'r', by: 'test', fromMs: 0, untilMs: 1, endedMs: null, endedBy: null, withheld: 0 };
  const begun = async (caller: Caller, id: string) => ({ device: (await get(caller, id)).id, ...maintenance });
  return {
    units: { assign: get, undo: get, swap: withSecret, takeDown: withSecret, accept: withSecret },
    unitHistory: { ofPosition: nothing, ofUnit: nothing },
    certificates: { ending: nothing },
    life: { step: get, history: nothing },
    maintenances: { begin: begun, end: begun, list: nothing },
    fileReport: { sum: async () => NO_FILES, byJurisdiction: nothing, incomplete: nothing },
    reports: memoryReports(requireHere),
    otherUnit: () => null,
  };
}
