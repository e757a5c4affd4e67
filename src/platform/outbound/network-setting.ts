import { z } from 'zod';
import { type Head, type Setting, setting } from '../../core/setup/setting.ts';
import { isCidr } from './networks.ts';

/** A setting of the only networks that something may be contacted in; at most 256. */
export function networks(head: Head, value: string[]): Setting<string[]> {
  const schema = z.array(z.string().refine(isCidr)).max(256);
  return setting<string[]>(head, schema, value, { range: 'a list of networks such as 10.0.0.0/8', fromText: 'list' });
}
