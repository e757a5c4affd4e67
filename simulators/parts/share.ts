import type { SimulatedCity } from '../cities/city.ts';
import { CityFileError } from '../cities/city-file.ts';
import { seedOf } from '../models/chance.ts';

/** One of several generators that are one city together. */
export interface Part {
  /** From 1 on. The first one makes faults, and is the command centre. */
  index: number;
  of: number;
  /** When all of them begin, Unix ms. */
  beginAtMs: number;
}

const PARTS_MAX = 64;

/** Reads `2/3`. Throws {@link CityFileError}. */
export function parsePart(text: string): Pick<Part, 'index' | 'of'> {
  const [, index = 0, of = 0] = (/^(\d{1,2})\/(\d{1,2})$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= of && of <= PARTS_MAX) return { index, of };
  throw new CityFileError(`--part ${text}: give which of how many, such as 2/3, ${PARTS_MAX} at most`);
}

/** The devices of a city that one part is; a device is where its parent is. */
export function shareOf(city: SimulatedCity, part: Part | null): SimulatedCity {
  if (part === null) return city;
  const odd = city.faults.find(({ doing }) => doing.do === 'network' || doing.do === 'swap');
  if (odd) throw new CityFileError(`--part: the timeline has "${odd.what}", which only a city in one part can have`);
  const isOurs = (id: string): boolean => seedOf(id) % part.of === part.index - 1;
  const citizens = city.citizens.filter(({ sender, parent }) => isOurs(parent ?? sender.being.id));
  const messagesPerS = (city.messagesPerS * citizens.length) / city.citizens.length;
  return { ...city, citizens, faults: part.index === 1 ? city.faults : [], messagesPerS };
}

/** Throws where the moment of beginning is over: the parts would not be one city. */
export function refuseLate({ beginAtMs }: Part, nowMs: number): void {
  if (nowMs <= beginAtMs) return;
  const lateS = Math.ceil((nowMs - beginAtMs) / 1_000);
  throw new Error(`--begin was ${lateS} s before all devices were connected; begin later`);
}
