import { z } from 'zod';
import type { Counted } from '../../fleet/ledger-lines.ts';
import { type GatewayClient, GatewayError } from '../../gateway-client.ts';

const AGAIN_MS = 500;

const ledger = z.object({
  balanced: z.boolean(),
  rows: z.array(z.object({ kind: z.string(), messages: z.object({ total: z.int() }) })),
});

/** What a gateway's own ledger says: messages by kind, and whether it balances. */
export interface Books {
  isBalanced: boolean;
  messages: ReadonlyMap<string, number>;
}

/** Reads the ledger; null where there is none, or it is not to be seen. */
export async function readBooks(gateway: Pick<GatewayClient, 'call'>): Promise<Books | null> {
  try {
    const { balanced, rows } = ledger.parse((await gateway.call('GET', '/ledger')).body);
    const messages = new Map<string, number>();
    for (const row of rows) messages.set(row.kind, (messages.get(row.kind) ?? 0) + row.messages.total);
    return { isBalanced: balanced, messages };
  } catch (error) {
    if (error instanceof GatewayError || error instanceof z.ZodError) return null;
    throw error;
  }
}

/**
 * Reads it once more, and again while it knows of fewer messages than were acknowledged: a ledger is true at a position
 * that follows what comes in.
 */
export async function readBooksAfter(
  gateway: Pick<GatewayClient, 'call'>,
  { before, acked, mostMs }: { before: Books | null; acked: number; mostMs: number },
): Promise<Books | null> {
  if (before === null) return null;
  const untilMs = Date.now() + mostMs;
  for (;;) {
    const books = await readBooks(gateway);
    if (books === null || sum(books) - sum(before) >= acked || Date.now() > untilMs) return books;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

function sum({ messages }: Books): number {
  return [...messages.values()].reduce((all, count) => all + count, 0);
}

/** What came in between two looks, for each of these kinds. */
export function countedBetween(before: Books | null, after: Books | null, kinds: Iterable<string>): Counted[] {
  if (before === null || after === null) return [];
  return [...new Set(kinds)].map((kind) => ({
    kind,
    messages: (after.messages.get(kind) ?? 0) - (before.messages.get(kind) ?? 0),
    isBalanced: after.isBalanced,
  }));
}
