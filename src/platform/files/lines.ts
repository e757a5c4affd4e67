import { createReadStream } from 'node:fs';
import { CitywatchError } from '../../core/errors.ts';

/**
 * The lines of a text file, without their ends, as they are read. Errors: those of the file; `request.too-large` for a
 * line of more than `bytesMax`.
 */
export async function* linesOf(path: string, bytesMax: number): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, from)) {
      yield rest.toString('utf8', from, end);
      from = end + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > bytesMax) {
      throw new CitywatchError('request.too-large', { detail: `A line of ${path} is longer than ${bytesMax} bytes.` });
    }
  }
  if (rest.length > 0) yield rest.toString('utf8');
}

const NEWLINE = 0x0a;
