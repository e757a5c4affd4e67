import { pickOne, type Random } from '../random.ts';

/** A number plate as a checkpoint reads it. */
export interface Plate {
  text: string;
  color: 'blue' | 'yellow' | 'green' | 'yellow-green' | 'white';
}

// GA 36: no I and no O in a serial. At most two letters in a serial of five.
const LETTERS = [...'ABCDEFGHJKLMNPQRSTUVWXYZ'] as [string, ...string[]];
const DIGITS = [...'0123456789'] as [string, ...string[]];
const CITY_LETTERS = [...'ABCDEFGHJKL'] as [string, ...string[]];
const NEIGHBOURS = ['沪', '苏', '皖', '赣', '闽', '鲁', '豫', '京', '粤'] as const;
/** Pure electric and other new-energy letters (GA 36-2018); most small cars carry D or F. */
const ENERGY = ['D', 'D', 'D', 'F', 'A', 'G'] as const;

/** `home` is the prefix of most cars there, such as 浙B for Ningbo. */
export function inventPlate(home: string, random: Random): Plate {
  const prefix = random() < 0.86 ? home : foreignPrefix(home, random);
  const roll = random();
  if (roll < 0.28) return { text: `${prefix}${pickOne(ENERGY, random)}${digits(5, random)}`, color: 'green' };
  if (roll < 0.3) {
    return { text: `${prefix}${digits(5, random)}${pickOne(['D', 'F'], random)}`, color: 'yellow-green' };
  }
  if (roll < 0.37) return { text: prefix + serial(random), color: 'yellow' };
  if (roll < 0.375) return { text: `${prefix}${digits(4, random)}警`, color: 'white' };
  return { text: prefix + serial(random), color: 'blue' };
}

/** Vehicles that carry a plate of this colour. */
export function vehicleClassOf({ color }: Plate, random: Random): string {
  if (color === 'yellow') return pickOne(['truck', 'bus', 'truck'], random);
  if (color === 'yellow-green') return 'bus';
  return random() < 0.9 ? 'car' : 'van';
}

function foreignPrefix(home: string, random: Random): string {
  if (random() < 0.5) return `${[...home][0]}${pickOne(CITY_LETTERS, random)}`;
  return `${pickOne(NEIGHBOURS, random)}${pickOne(CITY_LETTERS, random)}`;
}

function digits(count: number, random: Random): string {
  return Array.from({ length: count }, () => pickOne(DIGITS, random)).join('');
}

function serial(random: Random): string {
  const places = [...digits(5, random)];
  const letters = Math.floor(random() * 3);
  for (let index = 0; index < letters; index += 1) places[Math.floor(random() * 5)] = pickOne(LETTERS, random);
  return places.join('');
}
