import { writeFile } from 'node:fs/promises';
import { MINUTE_MS } from '../../../core/clock.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { fetchFromGateway, RIGHTS_HELP } from '../gateway-client.ts';

const DEADLINE_MS = 30 * MINUTE_MS;
/** A million devices. */
const BYTES_MAX = 512 * 1024 * 1024;
const FILTERS = ['kind', 'jurisdiction', 'state', 'text'] as const;

export const exportDevices: Command = {
  name: 'export',
  summary: 'write devices into a spreadsheet, through the running gateway',
  usage: '[FILE] [--kind KIND] [--jurisdiction CODE] [--state STATE] [--text TEXT] [--titles en|zh]',
  details: [
    'A FILE whose name ends in .xlsx becomes XLSX, any other CSV; without one the CSV is printed. Sent back by',
    'citywatch import, it changes nothing.',
    ...RIGHTS_HELP,
  ],
  options: {
    kind: { type: 'string' },
    jurisdiction: { type: 'string' },
    state: { type: 'string' },
    text: { type: 'string' },
    titles: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [file, ...others] = words;
    if (others.length > 0) throw new UsageError('export takes one FILE');
    const query = new URLSearchParams({ format: file?.toLowerCase().endsWith('.xlsx') ? 'xlsx' : 'csv' });
    for (const name of [...FILTERS, 'titles'] as const) {
      const value = options[name];
      if (typeof value === 'string') query.set(name, value);
    }
    const path = `/devices/export?${query}`;
    const request = { method: 'GET', path, deadlineMs: DEADLINE_MS, answerBytesMax: BYTES_MAX } as const;
    const written = await fetchFromGateway(request, { terminal, url: options.url });
    if (file === undefined) {
      terminal.print(
        written
          .toString('utf8')
          .replace(/^\ufeff/, '')
          .trimEnd(),
      );
      return EXIT.done;
    }
    await writeFile(file, written).catch(() => {
      throw new UsageError(`${file} cannot be written`);
    });
    terminal.print(`${file}: ${written.length} bytes`);
    return EXIT.done;
  },
};
