import type { FastifyInstance } from 'fastify';

export interface FakeCamera {
  id: string;
  name: string;
  accessClass?: string;
  /** 330203 unless told. */
  jurisdiction?: string;
  /** Whether its head moves. */
  ptz?: boolean;
}

interface Asked {
  q?: string;
  jurisdiction?: string;
  limit?: string;
  cursor?: string;
}

const areaOf = ({ jurisdiction = '330203' }: FakeCamera): string => jurisdiction;

/** A page of cameras, as the list of devices answers it. */
export function pageOfCameras(cameras: readonly FakeCamera[], query: Asked): { items: object[]; next?: string } {
  const { q = '', jurisdiction, limit = '100', cursor = '0' } = query;
  const found = cameras.filter(
    (one) => one.name.includes(q) && (jurisdiction === undefined || areaOf(one) === jurisdiction),
  );
  const [from, to] = [Number(cursor), Number(cursor) + Number(limit)];
  const items = found.slice(from, to).map((one) => ({ accessClass: 'public', jurisdiction: areaOf(one), ...one }));
  return { items, ...(found.length > to && { next: String(to) }) };
}

/** How many cameras an area has. */
export function areasOfCameras(cameras: readonly FakeCamera[]): { jurisdiction: object[] } {
  const counts = new Map<string, number>();
  for (const one of cameras) counts.set(areaOf(one), (counts.get(areaOf(one)) ?? 0) + 1);
  return { jurisdiction: [...counts].map(([value, count]) => ({ value, count, level: 'county' })) };
}

/** Routes that only walls of cameras ask for. */
export function videoRoutes(app: FastifyInstance, fake: { cameras: FakeCamera[] }): void {
  headRoutes(app, fake);
  wallRoutes(app);
}

/** The head of a camera, of those that have one. */
function headRoutes(app: FastifyInstance, { cameras }: { cameras: FakeCamera[] }): void {
  app.get('/api/v1/devices/:id/ptz/presets', async (request, reply) => {
    const { id } = request.params as { id: string };
    const camera = cameras.find((one) => one.id === id);
    if (!camera?.ptz) return reply.code(409).send({ code: 'conflict.state' });
    return { items: [{ token: 'p1', name: '东门' }] };
  });
  app.get('/api/v1/devices/:id/ptz', async () => ({
    home: null,
    idleS: 120,
    maxSpeed: 1,
    holder: null,
    takenOver: null,
  }));
  for (const deed of ['move', 'stop', 'goto', 'release']) {
    app.post(`/api/v1/devices/:id/ptz/${deed}`, async (_request, reply) => reply.code(204).send());
  }
}

interface FakeWall {
  id: string;
  version: number;
}

/** Walls that are kept, beside one that somebody shares. */
function wallRoutes(app: FastifyInstance): void {
  const shared = { id: 'w-0', name: '<b>东门</b>', layout: 4, cameras: ['cam-3', 'cam-2'], shared: true, version: 1 };
  const walls: FakeWall[] = [{ ...shared, own: false, owner: '王伟' } as FakeWall];
  app.get('/api/v1/walls', async () => ({ items: walls }));
  app.post('/api/v1/walls', async (request, reply) => {
    const wall = { ...(request.body as object), id: `w-${walls.length}`, own: true, owner: 'li.na', version: 1 };
    walls.push(wall);
    return reply.code(201).send(wall);
  });
  app.patch('/api/v1/walls/:id', async (request) => {
    const wall = walls.find(({ id }) => id === (request.params as { id: string }).id)!;
    return Object.assign(wall, request.body, { version: wall.version + 1 });
  });
  app.delete('/api/v1/walls/:id', async (request, reply) => {
    walls.splice(
      walls.findIndex(({ id }) => id === (request.params as { id: string }).id),
      1,
    );
    return reply.code(204).send();
  });
}
