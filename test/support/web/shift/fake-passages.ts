import type { FastifyInstance } from 'fastify';
import { tinyPicture } from '../../ingest/images.ts';
import { deviceLike, type FakeDevice } from '../fake-devices.ts';

/** Passages of a made-up gateway, the newest first, and what was asked for. */
export interface FakePassages {
  all: { plate: string | null; device: string; at: string; event?: string; data?: object; clock?: string }[];
  asked: Record<string, unknown>[];
}

const PICTURE = '00000000-0000-4000-8000-0000000000a1';

/** Checkpoints some kilometres from each other. */
export function someCheckpoints(): FakeDevice[] {
  return [
    ['kakou-1', '天一广场卡口', 29.87, 121.55],
    ['kakou-2', 'Airport road checkpoint', 29.82, 121.46],
    ['kakou-3', '北仑港卡口', 29.9, 121.85],
  ].map(([id, name, lat, lon]) => {
    const location = { lat, lon, datum: 'wgs84' };
    return deviceLike(0, { id: String(id), name: String(name), kind: 'checkpoint', jurisdiction: '330203', location });
  });
}

/** One car all over the town within a day, between others. */
export function somePassages(nowMs: number): FakePassages {
  const at = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();
  const data = { lane: 2, speedKmh: 54, plateColor: 'blue', vehicleClass: 'car', images: [PICTURE] };
  const all = [
    { plate: '浙B12345', device: 'kakou-3', at: at(10), data },
    { plate: '浙B12345', device: 'kakou-1', at: at(14), data: { lane: 1 } },
    { plate: null, device: 'kakou-1', at: at(20), data: { lane: 1 } },
    { plate: '浙B12345', device: 'kakou-2', at: at(200), event: 'overspeed', data: { lane: 1, speedKmh: 91 } },
    { plate: '浙B12345', device: 'kakou-2', at: at(200), clock: 'refused', data: { lane: 1 } },
    { plate: '浙B99999', device: 'kakou-2', at: at(230), data },
  ];
  return { all, asked: [] };
}

const masked = (plate: string | null) => plate && `${plate.slice(0, 2)}***${plate.slice(-2)}`;

interface Asked {
  plate?: string;
  full?: boolean;
  devices?: string[];
  limit: number;
  cursor?: string;
}

export function passageRoutes(app: FastifyInstance, { passages }: { passages: FakePassages }): void {
  app.post('/api/v1/passages/search', async (request) => {
    const asked = request.body as Asked;
    passages.asked.push(request.body as Record<string, unknown>);
    const wanted = asked.plate && new RegExp(`^${asked.plate.replaceAll('?', '.')}$`);
    const found = passages.all.filter(({ plate, device }) => {
      return (!wanted || wanted.test(plate ?? '')) && (asked.devices?.includes(device) ?? true);
    });
    const from = Number(asked.cursor ?? 0);
    const to = from + Math.min(asked.limit, 3);
    const isWhole = wanted !== undefined || asked.full === true;
    const items = found.slice(from, asked.limit > 100 ? undefined : to).map((one, n) => ({
      event: 'passage',
      clock: 'device',
      data: {},
      ...one,
      receivedAt: one.at,
      id: null,
      receipt: `live-${from + n}-x`,
      plate: isWhole ? one.plate : masked(one.plate),
    }));
    return { items, ...(asked.limit <= 100 && to < found.length && { next: String(to) }) };
  });
  app.get('/api/v1/images/:id', async (_request, reply) => reply.type('image/jpeg').send(tinyPicture()));
}
