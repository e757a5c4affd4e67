import type {
  ApprovedPicturesPort,
  PtzPort,
  RecordersPort,
  RecordingParts,
  StreamLinksPort,
  StreamPassesPort,
} from '../../../../src/api/ports.ts';
import { CitywatchError } from '../../../../src/core/errors.ts';
import { covers } from '../../../../src/core/jurisdiction.ts';
import type { Clip } from '../../../../src/streams/clips/clip.ts';
import { USUAL_PLAN } from '../../../../src/streams/pool/stream-plans.ts';
import { HERE } from '../api-parts.ts';
import { memoryBaseMap, memoryWalls } from '../view-requests.ts';
import { memoryCopies, memoryExports } from './exports.ts';
import { memoryUpkeep } from './upkeep.ts';

/** Cameras that are moved and set up. */
export function memoryCameras() {
  return {
    ptz: memoryPtz(),
    upkeep: memoryUpkeep(),
    recorders: memoryRecorders(),
    recorderEvents: () => null,
    recordings: memoryRecordings(),
    streamPlans: { of: () => USUAL_PLAN, set: async () => {} },
    approvedPictures: memoryApproved(),
    streamPasses: memoryPasses(),
    streamLinks: memoryLinks(),
    walls: memoryWalls(),
    baseMap: memoryBaseMap(),
  };
}

/** Recorders without a channel. */
function memoryRecorders(): RecordersPort {
  return { channels: async () => [], register: async () => ({ created: [], updated: [], channels: [] }) };
}

/** Cameras that take every order, and that nobody else moves. */
function memoryPtz(): PtzPort {
  const nothing = async (): Promise<void> => {};
  return {
    status: async () => ({ home: null, idleS: 120, maxSpeed: 1, holder: null, takenOver: null }),
    move: nothing,
    stop: nothing,
    release: nothing,
    goto: nothing,
    set: nothing,
    presets: async () => [{ token: '1', name: 'gate' }],
    keepPreset: async (_caller, _device, name) => ({ token: '2', name }),
  };
}

/** Pictures that are approved without anything being kept of them. */
function memoryApproved(): ApprovedPicturesPort {
  return {
    of: async () => [],
    approve: async (_who, _view, input) => ({ id: NOBODY, by: 'test', atMs: 0, ...input }),
    approveFirst: async () => {},
    remove: async () => {},
  };
}

/** Viewer tokens of which none is kept. */
function memoryPasses(): StreamPassesPort {
  return {
    create: async (caller, { expiresAtMs, ...input }) => ({
      pass: {
        ...input,
        id: NOBODY,
        viewer: { type: caller.type, id: caller.id, name: caller.name },
        createdAtMs: 0,
        expiresAtMs: expiresAtMs ?? 1,
        revokedAtMs: null,
      },
      secret: 'secret',
    }),
    list: async () => [],
    revoke: async (caller) => {
      if (!covers(caller, HERE)) throw new CitywatchError('not-found');
    },
    address: () => ({ host: null, port: 554 }),
  };
}

/** Links that nobody opens. */
function memoryLinks(): StreamLinksPort {
  return {
    create: async (caller, { endsAtMs, ...input }) => ({
      link: {
        ...input,
        id: NOBODY,
        viewer: { type: caller.type, id: caller.id, name: caller.name },
        createdAtMs: 0,
        openUntilMs: 1,
        endsAtMs: endsAtMs ?? 1,
        network: null,
      },
      token: 'token',
    }),
    list: async () => [],
    revoke: memoryPasses().revoke,
    look: async () => null,
    origin: () => null,
  };
}

/** Cameras of which a byte is recorded. */
function memoryRecordings(): RecordingParts {
  return {
    plans: { of: () => ({ mode: 'off' }), set: async () => {} },
    report: {
      report: async () => ({
        from: '2026-11-28',
        to: '2026-11-29',
        sum: { cameras: 0, expectedS: 0, recordedS: 0, edgeS: 0, percent: null },
        rows: [],
      }),
    },
    pins: {
      of: async () => [],
      add: async (_caller, _camera, pin) => ({
        id: '00000000-0000-4000-8000-000000000003',
        by: 'test',
        createdAtMs: 0,
        leaving: 0,
        ...pin,
      }),
      remove: async () => {},
    },
    disks: {
      list: async () => [],
      add: async () => {},
      use: async () => {},
      retire: async () => ({ retired: true, lost: 0 }),
      check: async () => ({ files: 0, adopted: 0, missing: 0, back: 0, strangers: 0, nextMs: null }),
    },
    playback: {
      timeline: async () => ({ stretches: [], gaps: [], more: false }),
      playlist: async () => '#EXTM3U\n',
      keysPlaylist: async () => '#EXTM3U\n',
      codedPlaylist: async () => '#EXTM3U\n',
      codedPart: async () => Buffer.of(0),
      master: async () => '#EXTM3U\n',
      keys: async () => Buffer.of(0),
      file: async () => ({ bytes: 1, read: async () => Buffer.of(0) }),
    },
    thumbnails: {
      of: async (_view, { atMs }) => atMs.map((at) => ({ atMs: at, missing: { cause: 'not-recorded', detail: null } })),
      one: async () => ({ jpeg: Buffer.of(0xff), takenAtMs: 0 }),
    },
    exports: memoryExports(),
    copies: memoryCopies(),
    clips: {
      clip: async (asked) => ({ ...CLIP, ...asked }),
      of: async () => [],
      one: async (device) => ({ ...CLIP, device }),
      file: async () => Buffer.of(0, 1, 2),
      cut: async () => Buffer.of(0, 1, 2),
    },
  };
}

const CLIP: Clip = {
  id: '00000000-0000-4000-8000-000000000004',
  device: 'camera-1',
  quality: 'main',
  fromMs: 0,
  toMs: 1,
  reason: 'theft',
  case: null,
  alert: null,
  by: { type: 'token', id: 'test', name: 'test' },
  untilMs: 2,
  state: 'waiting',
  askedAtMs: 0,
  file: null,
  holes: [],
};

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** What a correct request to each route of recordings and of moving needs: `every-route-keeps-its-rights.test.ts`. */
export function recordingRequests(camera: string) {
  return {
    ...playbackRequests(camera),
    'GET /api/v1/streams/:id/pins': { id: camera },
    'POST /api/v1/streams/:id/pins': {
      id: camera,
      payload: {
        from: '2026-01-01T00:00:00Z',
        to: '2026-01-02T00:00:00Z',
        reason: 'theft',
        until: '2036-01-01T00:00:00Z',
      },
    },
    'DELETE /api/v1/streams/:id/pins/:pin': { id: camera, part: NOBODY },
    'POST /api/v1/recording-exports': {
      payload: {
        cameras: [camera],
        from: '2026-01-01T00:00:00Z',
        to: '2026-01-01T01:00:00Z',
        purpose: 'maintenance',
      },
    },
    'GET /api/v1/recording-exports': { ownAreaOnly: true },
    'GET /api/v1/recording-exports/key': { ownAreaOnly: true },
    'GET /api/v1/recording-exports/:id': { id: NOBODY },
    'POST /api/v1/recording-exports/:id/approve': { id: NOBODY },
    'POST /api/v1/recording-exports/:id/remove': { id: NOBODY },
    'GET /api/v1/recording-exports/:id/export.tar': { id: NOBODY },
    'GET /api/v1/streams/:id/approved-pictures': { id: camera },
    'POST /api/v1/streams/:id/approved-pictures': { id: camera, payload: { name: 'day', purpose: 'maintenance' } },
    'DELETE /api/v1/streams/:id/approved-pictures/:picture': { id: camera, part: NOBODY },
    ...requestsOfOthers(camera),
    ...clipRequests(camera),
    'GET /api/v1/devices/:id/stream-plan': { id: camera },
    'POST /api/v1/devices/:id/stream-plan': { id: camera, payload: { alwaysOn: true } },
    'GET /api/v1/recordings/disks': { ownAreaOnly: true },
    'POST /api/v1/recordings/disks': { payload: { name: 'video-2', directory: '/mnt/video-2' }, ownAreaOnly: true },
    'POST /api/v1/recordings/disks/:name': { part: 'recordings', payload: { use: 'active' }, ownAreaOnly: true },
    'POST /api/v1/recordings/disks/:name/check': { part: 'recordings', payload: {}, ownAreaOnly: true },
    'POST /api/v1/recordings/disks/:name/retire': { part: 'video-2', payload: {}, ownAreaOnly: true },
    'GET /api/v1/devices/:id/recording': { id: camera },
    'POST /api/v1/devices/:id/recording': { id: camera, payload: { mode: 'always' } },
    'GET /api/v1/devices/:id/ptz': { id: camera },
    'GET /api/v1/devices/:id/ptz/presets': { id: camera },
    'POST /api/v1/devices/:id/ptz/presets': { id: camera, url: '?purpose=maintenance', payload: { name: 'gate' } },
    'POST /api/v1/devices/:id/ptz/move': { id: camera, url: '?purpose=maintenance', payload: { pan: 1 } },
    'POST /api/v1/devices/:id/ptz/stop': { id: camera, url: '?purpose=maintenance' },
    'POST /api/v1/devices/:id/ptz/release': { id: camera },
    'POST /api/v1/devices/:id/ptz/goto': { id: camera, url: '?purpose=maintenance', payload: { preset: '1' } },
    'POST /api/v1/devices/:id/ptz/settings': { id: camera, payload: { home: null, idleS: 60, maxSpeed: 1 } },
  };
}

function clipRequests(camera: string) {
  return {
    'GET /api/v1/streams/:id/clips': { id: camera },
    'GET /api/v1/streams/:id/clip.mp4': {
      id: camera,
      url: '?purpose=maintenance&from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:30Z',
    },
    'GET /api/v1/streams/:id/clips/:clip': { id: camera, part: NOBODY },
    'GET /api/v1/streams/:id/clips/:clip/clip.mp4': { id: camera, part: NOBODY, url: '?purpose=maintenance' },
    'POST /api/v1/streams/:id/clips': {
      id: camera,
      payload: { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:30Z', reason: 'theft', purpose: 'maintenance' },
    },
  };
}

function playbackRequests(camera: string) {
  return {
    'POST /api/v1/recording-exports/:id/viewing-copies': { id: NOBODY },
    'GET /api/v1/recording-exports/:id/viewing-copies': { id: NOBODY },
    'POST /api/v1/recording-exports/:id/viewing-copies/:copy/remove': { id: NOBODY, part: NOBODY },
    'GET /api/v1/recording-exports/:id/viewing-copies/:copy/copy.tar': { id: NOBODY, part: NOBODY },
    'GET /api/v1/streams/:id/playback-keys.m3u8': {
      id: camera,
      url: '?purpose=maintenance&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z',
    },
    'GET /api/v1/streams/:id/playback-master.m3u8': {
      id: camera,
      url: '?purpose=maintenance&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z',
    },
    'GET /api/v1/streams/:id/recordings/thumbnails': {
      id: camera,
      url: '?purpose=maintenance&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z',
    },
    'GET /api/v1/streams/:id/recordings/thumbnail.jpg': {
      id: camera,
      url: '?purpose=maintenance&at=2026-01-01T00:00:00Z',
    },
  };
}

/** To the routes by which video goes out to others. */
function requestsOfOthers(camera: string) {
  return {
    'GET /api/v1/mosaics/live.m3u8': { url: `?purpose=maintenance&cameras=${camera}` },
    'GET /api/v1/mosaics/media.m3u8': { url: `?purpose=maintenance&cameras=${camera}` },
    'GET /api/v1/mosaics/:part': { part: '0123456789abcdef.mp4', url: `?purpose=maintenance&cameras=${camera}` },
    'GET /api/v1/stream-links': { ownAreaOnly: true },
    'POST /api/v1/stream-links': { payload: { camera, purpose: 'maintenance' } },
    'POST /api/v1/stream-links/:id/revoke': { id: NOBODY },
    'GET /api/v1/stream-passes': { ownAreaOnly: true },
    'POST /api/v1/stream-passes': { payload: { camera, purpose: 'maintenance' } },
    'POST /api/v1/stream-passes/:id/revoke': { id: NOBODY },
  };
}
