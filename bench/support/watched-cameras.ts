import { setTimeout as sleep } from 'node:timers/promises';
import { type Film, testFilm } from '../../test/support/streams/h264-source.ts';
import { TestCamera } from '../../test/support/streams/rtsp-camera.ts';

/**
 * Cameras of 1 Mbit/s (640x480, 25 pictures a second, a key frame every 2 s), and viewers that fetch as hls.js does. A
 * child process; it is told what to do by {@link Order} and answers each with a result.
 */
export type Order =
  | { do: 'cameras'; count: number }
  /** One viewer for each address of a master playlist, with each token in turn, until they are ended. */
  | { do: 'watch'; urls: string[]; tokens: string[] }
  | { do: 'end' };

const FRAMES_PER_S = 25;
const GOP = FRAMES_PER_S * 2;
const RATE = 'bitrate=1000:vbv-maxrate=1000:vbv-bufsize=1000';
const X264 = `${RATE}:keyint=${GOP}:min-keyint=${GOP}:scenecut=0:sliced-threads=0`;

const cameras: TestCamera[] = [];
let watching = new AbortController();

process.on('message', (order: Order) => {
  carryOut(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));

async function carryOut(order: Order): Promise<unknown> {
  if (order.do === 'cameras') return startCameras(order.count);
  if (order.do === 'watch') {
    watching = new AbortController();
    const { urls, tokens } = order;
    for (const [n, url] of urls.entries()) void watch(url, tokens[n % tokens.length]!, watching.signal);
    return null;
  }
  watching.abort();
  return null;
}

async function startCameras(count: number): Promise<string[]> {
  const film: Film = testFilm({ size: '640x480', seconds: 20, x264: X264, framesPerS: FRAMES_PER_S });
  for (let n = 0; n < count; n += 1) {
    const camera = new TestCamera({ film });
    await camera.listen();
    cameras.push(camera);
  }
  return cameras.map(({ url }) => url);
}

/** Reads the playlist again after its last segment's length, or half a target where nothing is new. */
async function watch(masterUrl: string, token: string, signal: AbortSignal): Promise<void> {
  const get = async (url: URL | string): Promise<Buffer> => {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
    return Buffer.from(await answer.arrayBuffer());
  };
  let media: URL | null = null;
  const seen = new Set<string>();
  while (!signal.aborted) {
    try {
      // All viewers come at once, and a gateway closes some who have not said yet who they are: they come again.
      media ??= mediaOf(await get(masterUrl), masterUrl);
      const text = (await get(media)).toString();
      const names = [...text.matchAll(/^(?:#EXT-X-MAP:URI=")?([0-9a-f-]+\.(?:mp4|m4s)[^"\n]*)/gm)].map(
        ([, name]) => name!,
      );
      const fresh = names.filter((name) => !seen.has(name));
      for (const name of fresh) {
        seen.add(name);
        await get(new URL(name, media));
      }
      const targetS = Number(/TARGETDURATION:(\d+)/.exec(text)?.[1] ?? 2);
      const lastS = Number([...text.matchAll(/#EXTINF:([\d.]+)/g)].at(-1)?.[1] ?? targetS);
      await sleep((fresh.length > 0 ? lastS : targetS / 2) * 1000, null, { signal });
    } catch {
      await sleep(500);
    }
  }
}

/** Throws where the camera is not shown yet. */
function mediaOf(master: Buffer, url: string): URL {
  const name = master
    .toString()
    .split('\n')
    .find((line) => line.startsWith('media'));
  if (name === undefined) throw new Error(`no playlist of ${url} yet`);
  return new URL(name, url);
}
