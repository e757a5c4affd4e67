import type { DecodedMessage } from '../../core/types.ts';
import { type Database, sql } from '../../platform/database/database.ts';
import type { KindSource } from '../readers/journal-feed.ts';
import { isCommandId, type Reply, repliesIn } from './reply.ts';
import type { CommandTables } from './tables.ts';

/** Replies of one message that are spelled out. */
const TOLD_MAX = 20;

/** What the replies of one message did: whether any of them was kept, and a sentence about each. */
export interface RepliesStory {
  kept: boolean;
  told: string[];
}

/** The stories of messages of one lane, by their offset. */
export async function explainReplies(
  { database, kinds }: { database: Database; kinds: KindSource },
  messages: DecodedMessage[],
): Promise<ReadonlyMap<number, RepliesStory>> {
  const all = messages.map((one) => ({
    offset: one.message.offset,
    replies: repliesIn(one, kinds).slice(0, TOLD_MAX),
  }));
  const ids = all.flatMap(({ replies }) => replies.map(({ id }) => id)).filter(isCommandId);
  if (ids.length === 0) return new Map(all.map(({ offset, replies }) => [offset, storyOf(replies, new Map())]));
  const rows = await database
    .tables<CommandTables>()
    .selectFrom('command')
    .select(['id', 'device', 'name', 'state', 'reply_receipt'])
    .where('id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(all.map(({ offset, replies }) => [offset, storyOf(replies, byId)]));
}

function storyOf(replies: Reply[], rows: ReadonlyMap<string, AnsweredRow>): RepliesStory {
  const known = replies.map((reply) => {
    const row = rows.get(reply.id);
    return { reply, row: row?.device === reply.from ? row : undefined };
  });
  return {
    kept: known.some(({ reply, row }) => row?.reply_receipt === reply.receipt),
    told: known.map(({ reply, row }) => tell(reply, row)),
  };
}

type AnsweredRow = Pick<CommandTables['command'], 'device' | 'name' | 'state' | 'reply_receipt'>;

function tell({ id, receipt }: Reply, row: AnsweredRow | undefined): string {
  if (!row) return 'answers no command of this device';
  const { name, state, reply_receipt: first } = row;
  if (first === null) return `${name} ${id}: not read yet`;
  if (first !== receipt) return `${name} ${id}: ${first} answered it before`;
  return `${name} ${id}: ${state === 'expired' ? 'came after the deadline; kept' : state}`;
}
