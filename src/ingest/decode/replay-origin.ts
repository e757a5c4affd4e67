import type { Lane } from '../../core/types.ts';

/**
 * Where a replayed message comes from. A replay carries this in place of its connection, because whoever decodes it
 * must know which record to take, when it was really received, and which earlier position does not make it a duplicate.
 */
export interface ReplayOrigin {
  lane: Lane;
  offset: number;
  /** The record to take; null for the whole message. */
  index: number | null;
  receivedAtMs: number;
}

const FORM = /^replay:(live|bulk)-(\d{1,16}):(\*|\d{1,6}):(\d{1,15})$/;

export function replayConnection({ lane, offset, index, receivedAtMs }: ReplayOrigin): string {
  return `replay:${lane}-${offset}:${index ?? '*'}:${receivedAtMs}`;
}

export function replayOrigin(message: { uplink: string; connection: string }): ReplayOrigin | null {
  if (message.uplink !== 'replay') return null;
  const [, lane, offset, index, receivedAtMs] = FORM.exec(message.connection) ?? [];
  if (lane === undefined) return null;
  return {
    lane: lane as Lane,
    offset: Number(offset),
    index: index === '*' ? null : Number(index),
    receivedAtMs: Number(receivedAtMs),
  };
}
