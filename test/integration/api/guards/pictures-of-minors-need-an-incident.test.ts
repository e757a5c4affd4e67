import t from 'tap';
import type { AlertParts } from '../../../../src/api/alert-parts.ts';
import type { ApiDeps, StreamsPort } from '../../../../src/api/deps.ts';
import type { ImagesPort, RecordingParts } from '../../../../src/api/ports.ts';
import type { View } from '../../../../src/streams/pool/types.ts';
import { bearer, CAMERA, startApi, TOKENS } from '../../../support/api/api.ts';
import { memoryImages, memoryStreams } from '../../../support/api/api-parts.ts';
import { memoryAlerts } from '../../../support/api/memory/alerts.ts';
import { memoryCameras } from '../../../support/api/memory/ptz.ts';

const SHOWN = /^(image|video)\/|mpegurl/;
const SOMETHING = '00000000-0000-4000-8000-000000000001';

const A_DAY = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';

/** What stands in the path of each route; a route that shows pictures and is not here fails. */
const AT = 'at=2026-01-01T00:00:00Z';
const PATHS: Record<string, string> = {
  '/api/v1/streams/{id}/live.m3u8': `/api/v1/streams/${CAMERA}/live.m3u8`,
  '/api/v1/streams/{id}/media.m3u8': `/api/v1/streams/${CAMERA}/media.m3u8`,
  '/api/v1/streams/{id}/{part}': `/api/v1/streams/${CAMERA}/0123456789abcdef.mp4`,
  '/api/v1/mosaics/live.m3u8': `/api/v1/mosaics/live.m3u8?cameras=${CAMERA}`,
  '/api/v1/mosaics/media.m3u8': `/api/v1/mosaics/media.m3u8?cameras=${CAMERA}`,
  '/api/v1/mosaics/{part}': `/api/v1/mosaics/0123456789abcdef.mp4?cameras=${CAMERA}`,
  '/api/v1/streams/{id}/snapshot.jpg': `/api/v1/streams/${CAMERA}/snapshot.jpg`,
  '/api/v1/streams/{id}/playback.m3u8': `/api/v1/streams/${CAMERA}/playback.m3u8?${A_DAY}`,
  '/api/v1/streams/{id}/playback-master.m3u8': `/api/v1/streams/${CAMERA}/playback-master.m3u8?${A_DAY}`,
  '/api/v1/streams/{id}/playback-keys.m3u8': `/api/v1/streams/${CAMERA}/playback-keys.m3u8?${A_DAY}`,
  '/api/v1/streams/{id}/recordings/thumbnail.jpg': `/api/v1/streams/${CAMERA}/recordings/thumbnail.jpg?${AT}`,
  '/api/v1/streams/{id}/recordings/thumbnails': `/api/v1/streams/${CAMERA}/recordings/thumbnails?${A_DAY}`,
  '/api/v1/streams/{id}/recordings/{file}': `/api/v1/streams/${CAMERA}/recordings/1-1.mp4`,
  '/api/v1/streams/{id}/clip.mp4': `/api/v1/streams/${CAMERA}/clip.mp4?${A_DAY}`,
  '/api/v1/streams/{id}/clips/{clip}/clip.mp4': `/api/v1/streams/${CAMERA}/clips/${SOMETHING}/clip.mp4`,
  '/api/v1/images/{id}': `/api/v1/images/${SOMETHING}`,
  '/api/v1/photos/{id}': `/api/v1/photos/${SOMETHING}`,
  '/api/v1/alerts/{id}/evidence/{evidence}': '/api/v1/alerts/a-1/evidence/e-1',
};
/** Those that have pictures in JSON. */
const IN_JSON: ReadonlySet<string> = new Set(['/api/v1/streams/{id}/recordings/thumbnails']);
/** Those that have pictures which no camera took. */
const DRAWN: ReadonlySet<string> = new Set(['/api/v1/map/tiles/{tile}']);
/** The one that takes no purpose: it always is that of the alert. */
const WITHOUT_PURPOSE = '/api/v1/alerts/{id}/evidence/{evidence}';

interface Look {
  case: string | null;
}

/** Parts that ask `look` before they show anything, as those of a gateway ask the access register. */
function partsThatAsk(look: (given: Look) => void) {
  const [streams, images, alerts] = [memoryStreams(), memoryImages(), memoryAlerts()];
  const after =
    <Rest extends unknown[], Answer>(show: (view: View, ...rest: Rest) => Answer) =>
    (view: View, ...rest: Rest): Answer => {
      look(view);
      return show(view, ...rest);
    };
  const asking: StreamsPort = {
    ...streams,
    playlist: after(streams.playlist),
    mediaPlaylist: after(streams.mediaPlaylist),
    part: after(streams.part),
    snapshot: after(streams.snapshot),
  };
  const shown: ImagesPort = { ...images, registerLook: async (given) => look(given) };
  const photos = {
    find: async () => ({ device: CAMERA, type: 'image/jpeg' }),
    look: async (_caller: unknown, _photo: unknown, given: Look) => {
      look(given);
      return Buffer.of(0xff);
    },
  } as unknown as ApiDeps['photos'];
  const looks: AlertParts['looks'] = {
    add: async (given) => {
      look(given);
      return 1;
    },
  };
  const file = { bytes: 1, read: async () => Buffer.of(0xff) };
  const playback = {
    playlist: after(async () => '#EXTM3U\n'),
    keysPlaylist: after(async () => '#EXTM3U\n'),
    master: after(async () => '#EXTM3U\n'),
    file: after(async () => file),
  } as unknown as RecordingParts['playback'];
  const kept = memoryCameras().recordings.clips;
  const clips = { ...kept, file: after(kept.file), cut: after(kept.cut) };
  const pictures = memoryCameras().recordings.thumbnails;
  const thumbnails = { of: after(pictures.of), one: after(pictures.one) };
  const recordings = { playback, clips, thumbnails } as RecordingParts;
  return { streams: asking, recordings, images: shown, photos, alerts: { ...alerts, looks } };
}

interface Document {
  paths: Record<
    string,
    Record<string, { parameters?: { name: string }[]; responses: Record<string, { content?: object }> }>
  >;
}

t.test('no route shows pictures of minors without the number of an incident, which is registered first', async (t) => {
  const seen: Look[] = [];
  let isFull = false;
  const look = (given: Look) => {
    if (isFull) throw new Error('the register takes nothing');
    seen.push(given);
  };
  const minors = new Set<string>();
  const { deps } = await startApi(t);
  const directory = { ...deps.directory, needsIncident: (id: string) => minors.has(id) };
  const { call } = await startApi(t, { ...partsThatAsk(look), directory });
  const get = (url: string) => call({ method: 'GET', url, headers: bearer(TOKENS.admin) });
  const document = (await get('/api/openapi.json')).body as Document;
  const showing = Object.entries(document.paths).filter(
    ([path, { get: route }]) =>
      !DRAWN.has(path) &&
      (IN_JSON.has(path) || Object.keys(route?.responses['200']?.content ?? {}).some((type) => SHOWN.test(type))),
  );
  t.same(showing.map(([path]) => path).sort(), Object.keys(PATHS).sort(), 'every such route is asked');
  for (const [path, { get: route }] of showing) {
    const purpose = path === WITHOUT_PURPOSE ? '' : 'purpose=search&';
    const url = `${PATHS[path]}${PATHS[path]?.includes('?') ? '&' : '?'}${purpose}`;
    t.ok(
      route?.parameters?.some(({ name }) => name === 'case'),
      `${path} takes a case`,
    );
    minors.clear();
    t.equal((await get(url)).status, 200, `${path} shows the pictures of others`);
    for (const id of [CAMERA, 'camera-1', 'kiosk-1']) minors.add(id);
    seen.length = 0;
    const refused = await get(url);
    t.match(refused, { status: 403, body: { code: 'look.incident-missing', issues: [{ path: 'case' }] } }, path);
    t.same(seen, [], `${path}: nothing was started for it`);
    t.equal((await get(`${url}case=`)).status, 400, `${path}: an empty number is none`);
    t.equal((await get(`${url}case=A-7`)).status, 200, path);
    t.match(seen, [{ case: 'A-7' }], `${path}: the number was registered`);
    isFull = true;
    const unregistered = await get(`${url}case=A-7`);
    t.ok(unregistered.status >= 500 && !SHOWN.test(String(unregistered.headers['content-type'])), path);
    isFull = false;
  }
});

t.test(
  'who may not see pictures without an incident does not turn the camera either; stopping it asks nothing',
  async (t) => {
    const { deps } = await startApi(t);
    const turned: (string | null)[] = [];
    const ptz = {
      ...deps.ptz,
      move: async (_caller: unknown, _device: unknown, _speeds: unknown, why: Look) => void turned.push(why.case),
      goto: async (_caller: unknown, _device: unknown, _preset: unknown, why: Look) => void turned.push(why.case),
    } as unknown as ApiDeps['ptz'];
    const { call } = await startApi(t, { ptz, directory: { ...deps.directory, needsIncident: () => true } });
    const post = (what: string, payload: object) =>
      call({ method: 'POST', url: `/api/v1/devices/${CAMERA}/ptz/${what}`, headers: bearer(TOKENS.admin), payload });
    const orders = [
      ['move', { pan: 1, tilt: 0, zoom: 0 }, 204],
      ['goto', { preset: '1' }, 204],
      ['presets', { name: 'gate' }, 201],
    ] as const;
    for (const [what, body, status] of orders) {
      t.match(
        await post(`${what}?purpose=search`, body),
        { status: 403, body: { code: 'look.incident-missing' } },
        what,
      );
      t.equal((await post(`${what}?purpose=search&case=A-7`, body)).status, status, what);
    }
    t.same(turned, ['A-7', 'A-7']);
    t.equal((await post('stop?purpose=search', {})).status, 204);
  },
);
