import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Arguments, type Command, EXIT, type Terminal, UsageError } from './command.ts';
import { askGateway, RIGHTS_HELP } from './gateway-client.ts';

const PASSWORD_BYTES = 12;

export const user: Command = {
  name: 'user',
  summary: 'let people log in, list and disable them, through the running gateway',
  usage:
    'add --username NAME --name TEXT --role ROLE --jurisdiction CODE [--police CODE] [--password-file FILE] | ' +
    'list | disable USERNAME | code USERNAME',
  details: [
    'ROLE is one of docs/rights.md, such as operator; CODE a division code such as 330200; --police limits the person',
    'to what belongs to a police agency and to those below it, by its 12 digits.',
    'Without --password-file a password is made and printed once. Where the administrators are three, the person needs',
    'the code of `code`, too, which whoever runs the machine gives to them in person.',
    ...RIGHTS_HELP,
  ],
  options: {
    username: { type: 'string' },
    name: { type: 'string' },
    role: { type: 'string' },
    jurisdiction: { type: 'string' },
    police: { type: 'string' },
    'password-file': { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [action, username] = words;
    if (action === 'add') return await add(options, terminal);
    if (action === 'list') return await list(options, terminal);
    if (action === 'disable') return await disable(username, options, terminal);
    if (action === 'code') return await code(username, options, terminal);
    throw new UsageError('user needs one of add, list, disable, code');
  },
};

type Options = Arguments['options'];

interface Listed {
  id: string;
  username: string;
  name: string;
  role: string;
  jurisdiction: string;
  disabledAt: string | null;
  version: number;
}

async function add(options: Options, terminal: Terminal): Promise<number> {
  const missing = ['username', 'name', 'role', 'jurisdiction'].filter((name) => !options[name]);
  if (missing.length > 0) throw new UsageError(`user add needs --${missing.join(', --')}`);
  const { username, name, role, jurisdiction, police, url } = options;
  const file = options['password-file'];
  const password = file ? await passwordIn(String(file)) : randomBytes(PASSWORD_BYTES).toString('base64url');
  const body = { username, name, role, jurisdiction, password, ...(police && { police }) };
  await askGateway({ method: 'POST', path: '/users', body }, { terminal, url });
  terminal.print(file ? `${username} can log in` : password);
  return EXIT.done;
}

async function list({ url }: Options, terminal: Terminal): Promise<number> {
  for (const { username, role, jurisdiction, disabledAt, name } of await listed({ terminal, url })) {
    const state = disabledAt ? `disabled ${disabledAt}` : 'may log in';
    terminal.print([username.padEnd(20), role.padEnd(10), jurisdiction, state, name].join('  '));
  }
  return EXIT.done;
}

async function disable(username: string | undefined, { url }: Options, terminal: Terminal): Promise<number> {
  if (!username) throw new UsageError('user disable needs a user name; see citywatch user list');
  const found = (await listed({ terminal, url })).find((one) => one.username === username);
  if (!found) throw new UsageError(`There is no user ${username}; see citywatch user list`);
  const headers = { 'if-match': `"${found.version}"` };
  await askGateway({ method: 'DELETE', path: `/users/${found.id}`, headers }, { terminal, url });
  terminal.print('disabled');
  return EXIT.done;
}

async function code(username: string | undefined, { url }: Options, terminal: Terminal): Promise<number> {
  if (!username) throw new UsageError('user code needs a user name');
  const given = await askGateway({ method: 'POST', path: '/users/codes', body: { username } }, { terminal, url });
  const { code, until, name, role, createdBy } = JSON.parse(given) as Record<string, string>;
  terminal.print(code ?? '');
  terminal.complain(`for ${name}, ${role}, let in by ${createdBy}: give it to them in person, until ${until}`);
  return EXIT.done;
}

async function listed(where: { terminal: Terminal; url: Options[string] }): Promise<Listed[]> {
  return (JSON.parse(await askGateway({ method: 'GET', path: '/users' }, where)) as { items: Listed[] }).items;
}

async function passwordIn(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`--password-file ${path} cannot be read`);
  });
  return text.replace(/\r?\n$/, '');
}
