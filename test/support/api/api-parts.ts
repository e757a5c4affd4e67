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
