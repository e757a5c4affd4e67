import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

const withFillings = z.object({ timeline: z.array(z.object({ do: z.string() })) });

/** Whether a file of a city fills the disk of its gateway; what is wrong with a file, whoever runs it says. */
export async function fillsDisk(path: string): Promise<boolean> {
  try {
    const { data } = withFillings.safeParse(parse(await readFile(path, 'utf8')));
    return data?.timeline.some((one) => one.do === 'fill-disk') ?? false;
  } catch {
    return false;
  }
}
