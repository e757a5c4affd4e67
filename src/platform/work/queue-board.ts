import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';

export interface BoardAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** Where the page stands; it asks for its parts below. */
export const BOARD_PATH = '/queues';

/** What is passed on: the page, its parts, and what it reads. Nothing of Redis itself. */
const ASKED = /^(\/?|\/queue\/[\w-]+(\/[\w~-]+)?|\/static\/[\w./-]+|\/api\/queues(\/[\w-]+(\/[\w~-]+(\/logs)?)?)?)$/;
const PASSED_ON = ['content-type', 'cache-control', 'etag'];

/**
 * The page of bull-board over the queues of the doorbell, to look at alone: only GET is passed on, jobs show no data,
 * and Redis tells nothing of itself. It is a server of its own that listens nowhere, so that nothing of it becomes a
 * route of ours; whoever serves it says who may see it. What is to be done stands in PostgreSQL, and is not shown.
 */
export class QueueBoard {
  readonly #queues: () => readonly Queue[];
  #opening: Promise<FastifyInstance> | null = null;

  /** `queues`: those that are open when somebody looks for the first time. */
  constructor(queues: () => readonly Queue[]) {
    this.#queues = queues;
  }

  /**
   * What stands at `path` below {@link BOARD_PATH}, with its query; 404 for what is not shown. `make` is asked once for
   * the server that it is registered with.
   */
  async get({ path, query }: { path: string; query: string }, make: () => FastifyInstance): Promise<BoardAnswer> {
    if (!ASKED.test(path) || path.includes('..')) return { status: 404, headers: {}, body: Buffer.alloc(0) };
    this.#opening ??= this.#open(make());
    const app = await this.#opening;
    const {
      statusCode: status,
      headers,
      rawPayload: body,
    } = await app.inject({
      method: 'GET',
      url: `${BOARD_PATH}${path === '' ? '/' : path}${query === '' ? '' : `?${query}`}`,
    });
    const shown = PASSED_ON.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]]));
    return { status, headers: Object.fromEntries(shown), body };
  }

  async close(): Promise<void> {
    await (await this.#opening)?.close();
  }

  /** Read when somebody looks: a start does not wait for it. */
  async #open(app: FastifyInstance): Promise<FastifyInstance> {
    const [{ createBullBoard }, { BullMQAdapter }, { FastifyAdapter }] = await Promise.all([
      import('@bull-board/api'),
      import('@bull-board/api/bullMQAdapter'),
      import('@bull-board/fastify'),
    ]);
    const serverAdapter = new FastifyAdapter();
    serverAdapter.setBasePath(BOARD_PATH);
    const queues = this.#queues().map((queue) => {
      const adapter = new BullMQAdapter(queue as never, { readOnlyMode: true, allowRetries: false });
      for (const field of ['data', 'returnValue', 'progress'] as const) adapter.setFormatter(field, () => ({}));
      return adapter;
    });
    const options = { uiConfig: { hideRedisDetails: true, boardTitle: 'citywatch' } };
    createBullBoard({ queues, serverAdapter, options });
    await app.register(serverAdapter.registerPlugin(), { prefix: BOARD_PATH });
    return app;
  }
}
