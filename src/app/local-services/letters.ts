import { type Clock, deadline } from '../../core/clock.ts';
import type { LetterFile } from '../../devices/labels/pdf.ts';
import { run } from './run.ts';

/** Outlines that can be put into a PDF. */
const OUTLINES = /^(TrueType|CFF)$/;
/** Of the styles of a font, the one that people read. */
const PLAIN = /regular|book|microhei$|zenhei$/i;
const FORMAT = '%{file}\\t%{postscriptname}\\t%{fontformat}\\t%{variable}\\n';
const LIST_MS = 10_000;

/** A file with letters for Chinese, as fontconfig knows them; null where it knows none, or is not there. */
export async function chineseLetters(clock: Clock): Promise<LetterFile | null> {
  const limit = deadline(clock, LIST_MS);
  const options = { signal: limit.signal };
  const listed = await run('fc-list', [':lang=zh-cn', '--format', FORMAT], options)
    .catch(() => null)
    .finally(() => limit.cancel());
  if (listed?.status !== 0) return null;
  const found = listed.stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([path, name, format, variable]) => path && name && OUTLINES.test(format ?? '') && variable !== 'True')
    .map(([path = '', name = '']): LetterFile => ({ path, name }))
    .sort((one, other) => one.path.localeCompare(other.path));
  return found.find(({ name }) => PLAIN.test(name)) ?? found[0] ?? null;
}
