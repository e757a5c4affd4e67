import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Judge {
  /** Path of the program. */
  command: string;
  /** What it needs in its environment to find its own libraries. */
  env: Record<string, string>;
}

const SCRIPT = join(import.meta.dirname, '../../scripts/tests/judges.mjs');

/** A program of somebody else to measure ours against, such as `mosquitto_pub`; unpacked at first use. */
export async function judge(name: string): Promise<Judge> {
  const { prepareJudge } = await import(pathToFileURL(SCRIPT).href);
  return await prepareJudge(name);
}
