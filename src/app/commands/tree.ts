import { type Arguments, type Command, EXIT, type Terminal, UsageError } from './command.ts';
import { askGateway, type GatewayRequest, RIGHTS_HELP } from './gateway-client.ts';

export const tree: Command = {
  name: 'tree',
  summary: 'list, add, rename and end zones, departments and police agencies, through the running gateway',
  usage: 'zones|departments|agencies list | add [CODE] … | rename CODE … | end CODE … | members CODE … | bounds CODE …',
  details: [
    'list prints one a line: code, what stands above it or its area, how many points it has, its days, its name.',
    'zones add CODE --name TEXT [--english TEXT] [--member CODE …] [--from DAY] [--replaces CODE …]; also a township',
    '  or a community, by its 9 or 12 digits. zones members CODE [--member CODE …] says anew what belongs to a zone.',
    'departments add --name TEXT --jurisdiction CODE [--english TEXT] [--alias TEXT …] [--from DAY] [--replaces ID …]',
    'agencies add CODE --name TEXT --level city|county|station --jurisdiction CODE [--parent CODE] [--from DAY]',
    '  [--replaces CODE …] [--bounds TEXT]; agencies bounds CODE [--bounds TEXT], TEXT as lon,lat;lon,lat;…',
    'rename CODE --name TEXT [--english TEXT]. end CODE --on DAY [--successor CODE], which stands in its place then.',
    ...RIGHTS_HELP,
  ],
  options: {
    name: { type: 'string' },
    english: { type: 'string' },
    alias: { type: 'string', multiple: true },
    member: { type: 'string', multiple: true },
    replaces: { type: 'string', multiple: true },
    level: { type: 'string' },
    parent: { type: 'string' },
    jurisdiction: { type: 'string' },
    bounds: { type: 'string' },
    from: { type: 'string' },
    on: { type: 'string' },
    successor: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [which, action, code, ...rest] = words;
    const branch = BRANCHES[which ?? ''];
    if (!branch || rest.length > 0)
      throw new UsageError('tree needs one of zones, departments, agencies, and what to do');
    if (action === 'list') return list(branch, { terminal, url: options.url });
    const make = branch.actions[action ?? ''];
    if (!make) throw new UsageError(`tree ${which} needs one of list, ${Object.keys(branch.actions).join(', ')}`);
    const body = await askGateway(make(code, options), { terminal, url: options.url });
    terminal.print(lineOf(JSON.parse(body) as Node));
    return EXIT.done;
  },
};

type Options = Arguments['options'];

/** What the API tells of a node of any of the trees. */
interface Node {
  code?: string;
  id?: string;
  name: string | { zh: string };
  parent?: string | null;
  jurisdiction?: string;
  positions?: number;
  validFrom: string | null;
  validTo: string | null;
  successor: string | null;
}

interface Branch {
  path: string;
  /** Of what the list of the API has, what belongs to this branch. */
  has(node: Node): boolean;
  actions: Record<string, (code: string | undefined, options: Options) => GatewayRequest>;
}

const PAGE = 500;

const BRANCHES: Record<string, Branch> = {
  zones: {
    path: '/jurisdictions',
    has: ({ code = '' }) => code.includes('z-'),
    actions: {
      add: (code, options) =>
        post('/jurisdictions', {
          code: needed('CODE', code),
          name: namesOf(options),
          members: many(options.member),
          replaces: many(options.replaces),
          validFrom: options.from ?? null,
        }),
      rename: (code, options) => on('/jurisdictions', code, 'name', { name: namesOf(options) }),
      end: (code, options) => on('/jurisdictions', code, 'end', endOf(options)),
      members: (code, options) => on('/jurisdictions', code, 'members', { members: many(options.member) }),
    },
  },
  departments: {
    path: '/departments',
    has: () => true,
    actions: {
      add: (code, options) => {
        if (code !== undefined) throw new UsageError('tree departments add takes no id: the gateway gives it one');
        return post('/departments', {
          name: namesOf(options),
          names: many(options.alias),
          jurisdiction: needed('--jurisdiction', options.jurisdiction),
          replaces: many(options.replaces),
          validFrom: options.from ?? null,
        });
      },
      rename: (code, options) => on('/departments', code, 'name', { name: namesOf(options) }),
      end: (code, options) => on('/departments', code, 'end', endOf(options)),
    },
  },
  agencies: {
    path: '/police/agencies',
    has: () => true,
    actions: {
      add: (code, options) =>
        post('/police/agencies', {
          code: needed('CODE', code),
          name: needed('--name', options.name),
          level: needed('--level', options.level),
          parent: options.parent ?? null,
          jurisdiction: needed('--jurisdiction', options.jurisdiction),
          bounds: options.bounds ?? null,
          replaces: many(options.replaces),
          validFrom: options.from ?? null,
        }),
      rename: (code, options) => on('/police/agencies', code, 'name', { name: needed('--name', options.name) }),
      end: (code, options) => on('/police/agencies', code, 'end', endOf(options)),
      bounds: (code, options) => on('/police/agencies', code, 'bounds', { bounds: options.bounds ?? null }),
    },
  },
};

async function list({ path, has }: Branch, where: { terminal: Terminal; url: Options[string] }): Promise<number> {
  let next: string | undefined = '';
  do {
    const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
    const body = await askGateway({ method: 'GET', path: `${path}?limit=${PAGE}${cursor}` }, where);
    const page = JSON.parse(body) as { items: Node[]; next?: string };
    for (const node of page.items.filter(has)) where.terminal.print(lineOf(node));
    next = page.next;
  } while (next !== undefined);
  return EXIT.done;
}

function lineOf({ code, id, name, parent, jurisdiction, positions, validFrom, validTo, successor }: Node): string {
  const days = validFrom === null && validTo === null ? '' : `${validFrom ?? ''}..${validTo ?? ''}`;
  const followed = successor === null ? '' : `-> ${successor}`;
  const counted = positions === undefined ? '' : String(positions);
  const words = [code ?? id ?? '', parent ?? jurisdiction ?? '', counted, days, followed];
  return [...words.filter((word) => word !== ''), typeof name === 'string' ? name : name.zh].join('  ');
}

function post(path: string, body: Record<string, unknown>): GatewayRequest {
  return { method: 'POST', path, body };
}

function on(path: string, code: string | undefined, what: string, body: Record<string, unknown>): GatewayRequest {
  return post(`${path}/${encodeURIComponent(needed('CODE', code))}/${what}`, body);
}

function namesOf({ name, english }: Options): Record<string, unknown> {
  return { zh: needed('--name', name), ...(english && { en: english }) };
}

function endOf({ on: day, successor }: Options): Record<string, unknown> {
  return { on: needed('--on', day), successor: successor ?? null };
}

function many(given: Options[string]): unknown[] {
  return [given ?? []].flat();
}

function needed(what: string, given: Options[string]): string {
  if (typeof given === 'string' && given !== '') return given;
  throw new UsageError(`${what} is missing; see citywatch tree --help`);
}
