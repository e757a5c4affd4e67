/**
 * The life of a command, as pure steps: queued → sent → delivered, and from each of these to exactly one of answered,
 * failed (the device said that it could not) and expired. Whoever writes a step down does it in one statement that
 * holds only while the command is still open, so that two writers cannot both close it.
 */
export type CommandState = 'queued' | 'sent' | 'delivered' | 'answered' | 'failed' | 'expired';

export interface Life {
  device: string;
  state: CommandState;
  deadlineAtMs: number;
  /** Whether a reply is kept with it; the first one stays. */
  replied: boolean;
}

export type Happening =
  | { what: 'sent' }
  | { what: 'delivered' }
  /** Everything that was received up to `untilMs` has been read. */
  | { what: 'time'; untilMs: number }
  | { what: 'reply'; from: string; ok: boolean; receivedAtMs: number };

/** What a reply turned out to be. */
export type ReplyVerdict = 'answered' | 'failed' | 'late' | 'again' | 'foreign';

export function isOpen(state: CommandState): boolean {
  return state === 'queued' || state === 'sent' || state === 'delivered';
}

/** What a reply means for its command. Only the device it was for can answer it, once, and in time. */
export function judgeReply(life: Life, reply: { from: string; ok: boolean; receivedAtMs: number }): ReplyVerdict {
  if (reply.from !== life.device) return 'foreign';
  if (life.replied) return 'again';
  if (!isOpen(life.state) || reply.receivedAtMs > life.deadlineAtMs) return 'late';
  return reply.ok ? 'answered' : 'failed';
}

/** The state after `happening`; the same state when it changes nothing. */
export function step(life: Life, happening: Happening): Life {
  switch (happening.what) {
    case 'sent':
      return life.state === 'queued' ? { ...life, state: 'sent' } : life;
    case 'delivered':
      return life.state === 'queued' || life.state === 'sent' ? { ...life, state: 'delivered' } : life;
    case 'time':
      return isOpen(life.state) && life.deadlineAtMs < happening.untilMs ? { ...life, state: 'expired' } : life;
    case 'reply':
      return afterReply(life, judgeReply(life, happening));
  }
}

export function afterReply(life: Life, verdict: ReplyVerdict): Life {
  if (verdict === 'foreign' || verdict === 'again') return life;
  return { ...life, state: verdict === 'late' ? 'expired' : verdict, replied: true };
}
