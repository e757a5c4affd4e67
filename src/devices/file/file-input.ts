import { z } from 'zod';
import { ACCESS_CLASSES, LINKS, MOUNTINGS, NETWORKS, POWERS, TIERS } from '../../core/registry/position-file.ts';
import { PLACE_TYPES, placeTypeRefusal } from './place-types.ts';
import { words } from './words.ts';

const TAGS_MAX = 16;
const TAG_LENGTH_MAX = 32;
const STORAGE_DAYS_MAX = 3650;
const HEIGHT_M = { min: -200, max: 1000 };

/** A text and no enumeration: what is forbidden is refused with its reason and not as one more unknown word. */
const placeType = z
  .string()
  .superRefine((text, context) => {
    const refusal = placeTypeRefusal(text);
    if (refusal !== null) context.addIssue(refusal);
  })
  .meta({ enum: Object.keys(PLACE_TYPES) });

/** As GB/T 28181 has it: 8 digits of the division, 2 of the trade, 3 of the type, 1 of the network, 6 of its own. */
export const gbId = z
  .string()
  .regex(/^\d{20}$/, 'use the 20 digits of a GB/T 28181 id, as text')
  .meta({ examples: ['34020000001320000001'] });

const tags = z
  .array(words(TAG_LENGTH_MAX))
  .max(TAGS_MAX)
  .refine((all) => new Set(all).size === all.length, 'the same tag stands here twice');

/**
 * The point's file (一机一档), of a new position and of a change alike: a key that is missing stays as it is, null
 * clears it.
 */
export const fileInput = z
  .strictObject({
    gbId: gbId.nullish(),
    tier: z.enum(TIERS).nullish().meta({ description: '一类 police, 二类 government, 三类 social' }),
    placeType: placeType.nullish(),
    address: words(256).nullish(),
    owner: words(64).nullish().meta({ description: 'The department that answers for it' }),
    heading: z.number().min(0).lt(360).nullish().meta({ description: 'Degrees clockwise from north' }),
    mounting: z.enum(MOUNTINGS).nullish(),
    heightM: z.number().min(HEIGHT_M.min).max(HEIGHT_M.max).nullish(),
    lowLight: z.boolean().nullish(),
    hlc: z.boolean().nullish().meta({ description: 'Suppresses strong light' }),
    wdr: z.boolean().nullish().meta({ description: 'Wide dynamic range' }),
    resolution: z
      .string()
      .regex(/^[1-9]\d{1,4}x[1-9]\d{1,4}$/, 'use width x height in pixels, such as 2560x1440')
      .nullish(),
    network: z.enum(NETWORKS).nullish(),
    link: z.enum(LINKS).nullish(),
    storageDays: z.int().min(1).max(STORAGE_DAYS_MAX).nullish(),
    maintainer: words(128).nullish().meta({ description: 'The firm that repairs it' }),
    warrantyEnd: z.iso.date({ error: 'use a day such as 2027-03-31' }).nullish(),
    power: z.enum(POWERS).nullish(),
    // Long numbers of the power company, which a card's check digit fits by chance.
    circuit: words(64, ['card']).nullish(),
    pole: words(64, ['card']).nullish(),
    loginShared: z
      .boolean()
      .nullish()
      .meta({ description: 'Whether a recorder or a platform uses its login as well: true and it is never changed' }),
    tags: tags.nullish(),
  })
  .meta({ description: 'The file of the point (一机一档): absent stays, null clears' });

export const accessClass = z.enum(ACCESS_CLASSES);

export type FileInput = z.output<typeof fileInput>;
