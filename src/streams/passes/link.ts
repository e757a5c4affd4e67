import type { Caller } from '../../core/types.ts';
import type { View } from '../pool/types.ts';
import type { StreamPass } from './pass.ts';

/** A link to live video as it is listed: never its secret. Times are Unix ms. */
export type StreamLink = Pick<StreamPass, 'id' | 'viewer' | 'cameras' | 'isMosaic' | 'quality' | 'use' | 'purpose'> & {
  case: string | null;
  /** The login that it was made in; null for one of a token. */
  session: string | null;
  createdAtMs: number;
  /** It counts until then; put off while it is watched. */
  openUntilMs: number;
  /** And not beyond this. */
  endsAtMs: number;
  /** Of whoever opened it first; null while nobody has. */
  network: string | null;
};

/** What a link is to be for. The right to look at each camera is checked before it is made. */
export type LinkInput = Pick<
  StreamLink,
  'cameras' | 'isMosaic' | 'quality' | 'use' | 'purpose' | 'case' | 'session'
> & {
  /** Unix ms; null for the usual time. */
  endsAtMs: number | null;
};

/** Who looks with a link, and whether they still may. */
export interface LinkRights {
  /** The viewer as they are at this moment; null where they may not look any more. Rejects where none can say. */
  callerOf(viewer: View['viewer']): Promise<Caller | null>;
  /** Whether a login goes on. Rejects where none can say. */
  isOpen(session: string): Promise<boolean>;
  /** The look of a link for this caller. Errors: those of looks. */
  lookOf(caller: Caller, link: Omit<StreamLink, 'session'>): View;
}

/** Somebody who came with a link that counts. */
export interface Linked {
  caller: Caller;
  view: View;
}

/**
 * The network of an address: a link that somebody copied is of no use in another one. Of IPv6 the first 64 bits, since
 * a machine changes the others by itself (RFC 8981).
 */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (mapped || !address.includes(':')) return mapped ?? address;
  const [head = '', tail = ''] = address.toLowerCase().split('%', 1)[0]!.split('::');
  const groups = [head, tail].map((part) => (part === '' ? [] : part.split(':')));
  const [before = [], after = []] = groups;
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
