import { FORBIDDEN, type Forbidden, PERSONS } from './table.ts';

const PERSONS_MAC = new RegExp(`^(?:${PERSONS.join('|')})s?mac`);

/** Chinese has no spaces between words, so there any part of a name counts. */
const CHINESE = /[\u4e00-\u9fff]/;

const ROWS = Object.entries(FORBIDDEN).flatMap(([what, { names }]) =>
  names.map((name) => ({
    what: what as Forbidden,
    spaced: ` ${name} `,
    squashed: CHINESE.test(name) ? name : ` ${name.replaceAll(' ', '')} `,
  })),
);

/** Most names have none of these in them and need no closer look. */
const SUSPECT = new RegExp(
  Object.values(FORBIDDEN)
    .flatMap(({ names }) => names)
    .map((name) => name.replaceAll(' ', '[^a-z0-9]*'))
    .join('|'),
  'i',
);

/** What a name of a field, an event or a payload's key says it carries; null when that is nothing forbidden. */
export function forbiddenName(name: string): Forbidden | null {
  if (!SUSPECT.test(name)) return null;
  const words = wordsOf(name);
  for (const { what, spaced, squashed } of ROWS) if (words.includes(spaced) || words.includes(squashed)) return what;
  for (const word of words.trim().split(' ')) if (PERSONS_MAC.test(word)) return 'mac';
  return null;
}

/** Whether a name speaks of the hardware address of somebody's own device, not of a device of the city. */
export function isPersonsMac(name: string): boolean {
  if (forbiddenName(name) !== 'mac') return false;
  const words = wordsOf(name);
  return PERSONS_MAC.test(words.replaceAll(' ', '')) || PERSONS.some((who) => new RegExp(` ${who}s? `).test(words));
}

function wordsOf(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return ` ${spaced.replace(/[^a-z0-9\u4e00-\u9fff]+/g, ' ')} `.replace(/ +/g, ' ');
}
