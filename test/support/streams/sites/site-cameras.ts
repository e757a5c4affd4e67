import { testFilm } from '../h264-source.ts';
import { TestCamera } from '../rtsp-camera.ts';

/**
 * Many cheap cameras (160x120, a key frame each second and nothing else) in a process of their own, as a site
 * whose power fails and returns. It is told what to do by {@link SiteOrder}, and answers each with a result.
 */
export type SiteOrder =
  /** Resolves with their addresses. Port 0 at first; what is cut keeps its port. */
  | { do: 'cameras'; site: string; hosts: string[] }
  /** Ends every connection of a site; whoever connects is refused. */
  | { do: 'cut'; site: string }
  | { do: 'return'; site: string }
  /** Resolves with a {@link SiteTold}. */
  | { do: 'tell'; site: string };

export interface SiteTold {
  connections: number;
  plays: number;
}

const film = testFilm({ size: '160x120', seconds: 4, x264: 'keyint=1:scenecut=0', framesPerS: 1 });
const sites = new Map<string, { camera: TestCamera; port: number }[]>();

process.on('message', (order: SiteOrder) => {
  carryOut(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));

async function carryOut(order: SiteOrder): Promise<unknown> {
  if (order.do === 'cameras') return start(order.site, order.hosts);
  const site = sites.get(order.site) ?? [];
  if (order.do === 'cut') await Promise.all(site.map(({ camera }) => camera.stop()));
  else if (order.do === 'return') await Promise.all(site.map(({ camera, port }) => camera.listen(port)));
  else {
    const sum = (of: 'connections' | 'plays') => site.reduce((all, { camera }) => all + camera[of], 0);
    return { connections: sum('connections'), plays: sum('plays') } satisfies SiteTold;
  }
  return null;
}

async function start(site: string, hosts: readonly string[]): Promise<string[]> {
  const cameras = hosts.map((host) => new TestCamera({ film, host }));
  await Promise.all(cameras.map((camera) => camera.listen()));
  sites.set(
    site,
    cameras.map((camera) => ({ camera, port: Number(new URL(camera.url).port) })),
  );
  return cameras.map(({ url }) => url);
}
