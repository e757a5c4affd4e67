import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { listen } from '../../../src/api/server/server.ts';
import { PULL_TIMES, type PullTimes } from '../../../src/streams/pool/pull-machine.ts';
import { HERE, KIOSK, makeDevice, startApi, type TestApi } from '../api/api.ts';
import { memorySight } from '../api/memory/search.ts';
import type { Film } from '../streams/h264-source.ts';
import { TestCamera } from '../streams/rtsp-camera.ts';
import { type StreamBed, startStreams } from '../streams/streams.ts';
import { builtConsole } from './built-console.ts';

/** The real page on a real door and real streams; what is not video lives in memory. */
export interface WatchedConsole {
  url: string;
  bed: StreamBed;
  cameras: TestCamera[];
  /** Connections for live video that browsers asked for, and what else of video. */
  asked: { sockets: number; playlists: number; stills: number };
  /** While true, no connection for live video is made, as behind a proxy that knows none. */
  noSockets: boolean;
  /** Ends every connection for live video, as a network does. */
  cutSockets(): void;
  /** Stops the door, and opens it again at the same address. */
  restart(): Promise<void>;
}

export interface WatchedOptions {
  film?: Film;
  times?: Partial<PullTimes>;
  /** How many there are; four unless told. */
  cameras?: number;
  /** Called for each picture that a camera sends, with its number in the film. */
  sent?: (camera: number, picture: number) => void;
}

const CAMERAS = 4;

/** Starts cameras, streams that pull them, and a door that serves the page. */
export async function watchedConsole(t: Test, options: WatchedOptions = {}): Promise<WatchedConsole> {
  const { film, times, sent, cameras: count = CAMERAS } = options;
  const bed = await startStreams(t, { times: { ...PULL_TIMES, ...times } });
  const cameras = await Promise.all(
    Array.from({ length: count }, (_, camera) =>
      TestCamera.start(t, {
        ...(film && { film }),
        wire: (frames, number) => {
          sent?.(camera, number);
          return frames;
        },
      }),
    ),
  );
  for (const [n, { url }] of cameras.entries()) bed.cameras.set(`cam-${n}`, { url });
  const pages = await builtConsole();
  const asked = { sockets: 0, playlists: 0, stills: 0 };
  const open = async (port: number): Promise<TestApi> => {
    const api = await startApi(t, { streams: bed.service, pages });
    showCameras(api, count);
    watch(api, asked, () => watched.noSockets);
    watched.url = (await listen(api.app, { host: '127.0.0.1', port })).url;
    return api;
  };
  const watched: WatchedConsole = {
    url: '',
    bed,
    cameras,
    asked,
    noSockets: false,
    cutSockets: () => {
      for (const client of api.app.websocketServer.clients) client.terminate();
    },
    restart: async () => {
      const { port } = api.app.server.address() as AddressInfo;
      await api.app.close();
      api = await open(port);
    },
  };
  let api = await open(0);
  return watched;
}

function showCameras({ registry, deps }: TestApi, count: number): void {
  registry.devices.delete(KIOSK);
  const seen = new Map();
  for (let n = 0; n < count; n += 1) {
    const id = `cam-${n}`;
    registry.devices.set(id, makeDevice({ id, kind: 'camera', name: id }));
    seen.set(id, { id, kind: 'camera', kindVersion: 1, jurisdiction: HERE });
  }
  Object.assign(deps.directory, memorySight(seen));
}

function watch({ app }: TestApi, asked: WatchedConsole['asked'], refuses: () => boolean): void {
  app.server.prependListener('upgrade', (_request, socket) => {
    asked.sockets += 1;
    if (refuses()) socket.destroy();
  });
  app.server.on('request', ({ url = '' }) => {
    if (url.includes('.m3u8')) asked.playlists += 1;
    if (url.includes('snapshot.jpg')) asked.stills += 1;
  });
}
