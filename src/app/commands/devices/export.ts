import { writeFile } from 'node:fs/promises';
import { MINUTE_MS } from '../../../core/clock.ts';
import { filterQuery } from '../../../devices/search/filter.ts';
import { type Command, EXIT, UsageError } from '../command.ts';
import { fetchFromGateway, RIGHTS_HELP } from '../gateway-client.ts';

const DEADLINE_MS = 30 * MINUTE_MS;
/** A million devices. */
const BYTES_MAX = 512 * 1024 * 1024;
/** Every filter of `GET /devices`. */
const FILTERS = Object.keys(filterQuery);

/** The endings of names that make a file something else than CSV. */
const FORMATS = { '.xlsx': '/devices/export?format=xlsx', '.geojson': '/devices.geojson?' } as const;

export const exportDevices: Command = {
  name: 'export',
  summary: 'write devices into a spreadsheet, through the running gateway',
  usage: '[FILE] [--q WORDS] [--kind KIND] [--jurisdiction CODE] [--health HEALTH] … [--titles en|zh]',
  details: [
    'A FILE whose name ends in .xlsx becomes XLSX, in .geojson a map, any other CSV; without one the CSV is printed. A',
    'spreadsheet that is sent back by citywatch import changes nothing.',
    `Limits, all of which must hold: ${FILTERS.map((name) => `--${name}`).join(' ')}`,
    'They mean what they mean to GET /api/v1/devices (docs/integrators.md).',
    ...RIGHTS_HELP,
  ],
  options: {
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' } as const])),
    titles: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [file, ...others] = words;
    if (others.length > 0) throw new UsageError('export takes one FILE');
    const query = new URLSearchParams();
    for (const name of [...FILTERS, 'titles']) {
      const value = options[name];
      if (typeof value === 'string') query.set(name, value);
    }
    const path = `${routeOf(file)}${query.size > 0 ? `&${query}` : ''}`;
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

function routeOf(file = ''): string {
  const ending = (Object.keys(FORMATS) as (keyof typeof FORMATS)[]).find((one) => file.toLowerCase().endsWith(one));
  return ending === undefined ? '/devices/export?format=csv' : FORMATS[ending];
}
