import { HEALTHS, type Health } from '../../../src/devices/health/judge.ts';
import type { Asked } from '../../../src/devices/health/tally.ts';
import { isStanding } from '../../../src/devices/life/life.ts';
import type { Directory } from '../../../src/devices/registry/directory.ts';
import type { HealthPort } from '../../../src/devices/search/health.ts';
import { fold } from '../../../src/devices/search/words.ts';

/** A device as the plain model of searching knows it. */
export interface ModelDevice {
  id: string;
  kind: string;
  name: string;
  jurisdiction: string;
  lat: number;
  lon: number;
  parent: string | null;
  state: string;
  serial: string | null;
  owner: string | null;
  address: string | null;
  gbId: string | null;
  tags: string[];
  /** Lower case, colons between the bytes. */
  mac: string | null;
}

/** Whether somebody who looks for `q` wants this device: every word of it stands in one of its texts. */
export function isWanted(device: ModelDevice, q: string): boolean {
  const words = q.normalize('NFKC').split(/\s+/u).filter(Boolean);
  const told = words.filter((word) => fold(word) !== '');
  if (told.length === 0) return isToldBy(device, q);
  return told.every((word) => hasWord(device, word));
}

/** Whether `q` is the whole id, serial number or hardware address. */
export function isToldBy({ id, gbId, serial, mac }: ModelDevice, q: string): boolean {
  const text = small(q);
  const bytes = macBytes(q);
  return (
    text === small(id) ||
    text === gbId ||
    (serial !== null && text === small(serial)) ||
    (bytes !== null && bytes === bare(mac))
  );
}

function hasWord({ id, name, address, gbId, serial, mac }: ModelDevice, word: string): boolean {
  const bytes = macBytes(word);
  if (bytes !== null && bare(mac)?.startsWith(bytes)) return true;
  const folded = fold(word);
  const beginning = /^[a-z0-9]/.test(folded) ? ' ' : '';
  return [id, name, address, gbId, serial, bare(mac)].some((text) =>
    ` ${fold(text ?? '')}`.includes(`${beginning}${folded}`),
  );
}

function macBytes(text: string): string | null {
  const said = small(text);
  const bytes = said.replace(/[:.-]/g, '');
  const isWritten = /^[0-9a-f]{2,4}([:.-][0-9a-f]{2,4})+$/.test(said);
  return isWritten && bytes.length % 2 === 0 && bytes.length <= 12 ? bytes : null;
}

function bare(mac: string | null): string | null {
  return mac?.replaceAll(':', '') ?? null;
}

function small(text: string): string {
  return text
    .normalize('NFKC')
    .trim()
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** By the crossing number; a point on a side may count either way. */
export function isInside({ lon, lat }: { lon: number; lat: number }, ring: readonly [number, number][]): boolean {
  let crossings = 0;
  for (const [index, [x, y]] of ring.entries()) {
    const [nextX, nextY] = ring[(index + 1) % ring.length]!;
    if (y > lat !== nextY > lat && lon < x + ((lat - y) / (nextY - y)) * (nextX - x)) crossings += 1;
  }
  return crossings % 2 === 1;
}

/** How devices are said to be; tells of each that is said to be otherwise. */
export class SaidHealths extends Map<string, Health> {
  #followed: Parameters<HealthPort['follow']>[0] = () => {};

  follow(followed: Parameters<HealthPort['follow']>[0]): void {
    this.#followed = followed;
  }

  override set(id: string, health: Health): this {
    super.set(id, health);
    this.#followed(id, health);
    return this;
  }
}

/** The healths of a directory's devices, as `said`; those that stand and of which nothing is said are unknown. */
export function healthPort(directory: Directory, said: SaidHealths): HealthPort {
  const ids = function* ({ lies, kind }: Asked, healths: readonly Health[]): Generator<string> {
    for (const id of directory.ids()) {
      const { identity, state } = directory.get(id)!;
      const isAsked = lies(identity) && (kind === undefined || identity.kind === kind);
      if (isAsked && isStanding(state) && healths.includes(said.get(id) ?? 'unknown')) yield id;
    }
  };
  const count = (asked: Asked, health: Health) => [health, [...ids(asked, [health])].length] as const;
  return {
    ids,
    healthOf: (id) => said.get(id) ?? null,
    follow: (followed) => said.follow(followed),
    healthCounts: (asked) => Object.fromEntries(HEALTHS.map((one) => count(asked, one))) as Record<Health, number>,
  };
}
