import { quantiles } from '../harness.ts';

/**
 * Many who follow the log of alerts by server-sent events, in a process of their own. Told what to do by
 * {@link ReadersOrder}, and answers each with a {@link ReadersResult}.
 */
export type ReadersOrder =
  | { do: 'open'; url: string; tokens: string[]; count: number }
  /** Until each of them has had so many openings since the last order. */
  | { do: 'await'; openings: number };

export interface ReadersResult {
  readers: number;
  /** Openings that arrived, of all readers together. */
  arrived: number;
  /** From the commit of the alert to its arrival. */
  delays: ReturnType<typeof quantiles> | null;
}

const OPENED_AT_ONCE = 32;
const LOOK_MS = 50;

let delays: number[] = [];
let open = 0;

async function follow(url: string, token: string): Promise<void> {
  const { body, status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  if (status !== 200 || !body) throw new Error(`the stream was answered ${status}`);
  open += 1;
  void read(body).catch((error: unknown) => process.send?.({ error: String(error) }));
}

async function read(body: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    const atMs = Date.now();
    for (const line of lines) {
      // Read as text: 1,000 readers that parse JSON are what would be measured.
      if (!line.startsWith('data: ') || !line.includes('"type":"alert.opened"')) continue;
      const committedAt = /"committedAt":"([^"]+)"/.exec(line)?.[1];
      if (committedAt) delays.push(atMs - Date.parse(committedAt));
    }
  }
}

async function obey(order: ReadersOrder): Promise<ReadersResult> {
  if (order.do === 'open') {
    for (let from = 0; from < order.count; from += OPENED_AT_ONCE) {
      const some = Math.min(OPENED_AT_ONCE, order.count - from);
      await Promise.all(
        Array.from({ length: some }, (_, n) => follow(order.url, order.tokens[(from + n) % order.tokens.length]!)),
      );
    }
    return { readers: open, arrived: 0, delays: null };
  }
  while (delays.length < order.openings * open) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const result = { readers: open, arrived: delays.length, delays: quantiles(delays) };
  delays = [];
  return result;
}

process.on('message', (order: ReadersOrder) => {
  obey(order).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.on('disconnect', () => process.exit());
