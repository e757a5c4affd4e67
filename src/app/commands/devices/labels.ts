import { writeFile } from 'node:fs/promises';
import { MINUTE_MS } from '../../../core/clock.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { fetchFromGateway, RIGHTS_HELP } from '../gateway-client.ts';

const BYTES_MAX = 64 * 1024 * 1024;
const ASKED = ['ids', 'kind', 'jurisdiction', 'state', 'sheet', 'skip'] as const;

export const printLabels: Command = {
  name: 'labels',
  summary: 'write labels of devices to print, through the running gateway',
  usage: 'FILE [--ids ID,ID] [--kind KIND] [--jurisdiction CODE] [--state STATE] [--sheet a4|roll] [--skip N]',
  details: [
    'A FILE whose name ends in .pdf becomes a PDF, any other a page that a browser prints at 100 %. A code on a label',
    'holds the address of the device under CITYWATCH_PUBLIC_URL and no secret. --skip leaves the first places empty.',
    ...RIGHTS_HELP,
  ],
  options: {
    ids: { type: 'string' },
    kind: { type: 'string' },
    jurisdiction: { type: 'string' },
    state: { type: 'string' },
    sheet: { type: 'string' },
    skip: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [file, ...others] = words;
    if (file === undefined || others.length > 0) throw new UsageError('labels takes one FILE');
    const query = new URLSearchParams({ format: file.toLowerCase().endsWith('.pdf') ? 'pdf' : 'html' });
    for (const name of ASKED) {
      const value = options[name];
      if (typeof value === 'string') query.set(name, value);
    }
    const path = `/devices/labels?${query}`;
    const request = { method: 'GET', path, deadlineMs: MINUTE_MS, answerBytesMax: BYTES_MAX } as const;
    const written = await fetchFromGateway(request, { terminal, url: options.url });
    await writeFile(file, written).catch(() => {
      throw new UsageError(`${file} cannot be written`);
    });
    terminal.print(`${file}: ${written.length} bytes`);
    return EXIT.done;
  },
};
