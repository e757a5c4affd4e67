import type { Message } from '../../../core/types.ts';

/** What a finding is about. `docs/integrators.md` says how it is shown. */
export interface Subject {
  type: string;
  id: string;
}

/**
 * How a subject is written in findings, keys and states. A device is written by its id alone, as before other subjects
 * existed; no id of a device has a colon.
 */
export function subjectText({ type, id }: Subject): string {
  return type === DEVICE || type === GATEWAY ? id : `${type}:${id}`;
}

const DEVICE = 'device';
const GATEWAY = 'gateway';
/** An administrative division, by its code. */
export const DISTRICT = 'district';

/** The subject of what the gateway says of itself. */
export const GATEWAY_SUBJECT: Subject = { type: GATEWAY, id: '_gateway' };

/** The subject of every condition that looks at one device. */
export function deviceOf({ id }: Pick<Message['device'], 'id'>): Subject {
  return { type: DEVICE, id };
}

/** The reverse of `subjectText`. */
export function subjectOf(text: string): Subject {
  if (text === GATEWAY_SUBJECT.id) return GATEWAY_SUBJECT;
  const colon = text.indexOf(':');
  return colon < 0 ? { type: DEVICE, id: text } : { type: text.slice(0, colon), id: text.slice(colon + 1) };
}

/** The id of the device that a written subject is; null where it is something else. */
export function deviceIn(text: string): string | null {
  const { type, id } = subjectOf(text);
  return type === DEVICE ? id : null;
}

/**
 * Whose a subject is: who may see `district` may see what is found of it, wherever in it a device was heard. Anything
 * else is where that device stands.
 */
export function jurisdictionOf({ type, id }: Subject, { jurisdiction }: Pick<Message['device'], 'jurisdiction'>) {
  return type === DISTRICT ? id : jurisdiction;
}
