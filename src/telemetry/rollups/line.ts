import { msToNs } from '../stores/nanoseconds.ts';
import type { StoredBucket } from '../stores/store.ts';
import { measurement, name, quoted } from '../writer/line-protocol.ts';

/**
 * The line of a roll-up; its tags are those of its points. Null where nothing is to be written, or where somebody else
 * put names into the database that cannot be written.
 */
export function lineOfRollup(kind: string, { atMs, tags, values }: StoredBucket): string | null {
  const head = measurement(kind);
  const pairs = Object.entries(tags)
    .filter(([, value]) => value !== '')
    .map(([tag, value]) => [name(tag), name(value)] as const);
  const fields = [...values].map(([field, value]) => {
    return [name(field), typeof value === 'string' ? quoted(value) : String(value)] as const;
  });
  const parts = [...pairs, ...fields].flat();
  if (head === null || fields.length === 0 || parts.includes(null)) return null;
  const series = [head, ...pairs.map((pair) => pair.join('='))].join(',');
  return `${series} ${fields.map((pair) => pair.join('=')).join(',')} ${msToNs(atMs)}`;
}
