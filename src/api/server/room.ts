import type { FastifyInstance } from 'fastify';

/** Whether an edit would find room for all it writes. */
export interface EditRoom {
  /** Rejects with `store.full`, saying why, where it would not. */
  forEdits(): Promise<void>;
}

const EDITING = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * What is taken at any time: devices have the journal's own refusal; a login, and what is done about an alert, is one
 * small row, which the database takes or refuses as a whole.
 */
const ALWAYS = /^\/api\/v1\/(session|alerts|broker)(\/|$)/;

/** Refuses an edit before anything of it is done when the disk has no room for the whole of it. */
export function refuseEditsWithoutRoom(app: FastifyInstance, room: EditRoom): void {
  app.addHook('preHandler', async (request) => {
    const { config, url = '' } = request.routeOptions;
    if (!EDITING.has(request.method) || config.asksOnly || ALWAYS.test(url)) return;
    if (request.caller?.type === 'device') return;
    await room.forEdits();
  });
}
