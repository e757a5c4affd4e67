import { type Arguments, type Command, EXIT, UsageError } from './command.ts';
import { askGateway, type GatewayRequest, RIGHTS_HELP } from './gateway-client.ts';

export const token: Command = {
  name: 'token',
  summary: 'make, list and revoke tokens of the API, through the running gateway',
  usage:
    'create --name TEXT --role ROLE --jurisdiction CODE [--police CODE] [--purpose TEXT] [--expires TIME] | list | ' +
    'revoke ID',
  details: [
    'ROLE is one of docs/rights.md, such as operator; CODE a division code such as 330200; TIME is RFC 3339.',
    '--police limits it to what belongs to a police agency and to those below it, by its 12 digits.',
    ...RIGHTS_HELP,
  ],
  options: {
    name: { type: 'string' },
    role: { type: 'string' },
    jurisdiction: { type: 'string' },
    police: { type: 'string' },
    purpose: { type: 'string' },
    expires: { type: 'string' },
    url: { type: 'string' },
  },
  run: async ({ words, options }, terminal) => {
    const [action, id] = words;
    const request = requestFor(action, id, options);
    const body = await askGateway(request, { terminal, url: options.url });
    for (const line of describe(action, body)) terminal.print(line);
    return EXIT.done;
  },
};

function requestFor(action: string | undefined, id: string | undefined, options: Arguments['options']): GatewayRequest {
  if (action === 'list') return { method: 'GET', path: '/tokens' };
  if (action === 'revoke') {
    if (!id) throw new UsageError('token revoke needs the id of a token; see citywatch token list');
    // A token never changes, so its version is always the first.
    return { method: 'DELETE', path: `/tokens/${encodeURIComponent(id)}`, headers: { 'if-match': '"1"' } };
  }
  if (action !== 'create') throw new UsageError('token needs one of create, list, revoke');
  const missing = ['name', 'role', 'jurisdiction'].filter((name) => !options[name]);
  if (missing.length > 0) throw new UsageError(`token create needs --${missing.join(', --')}`);
  const { name, role, jurisdiction, police, purpose, expires } = options;
  return {
    method: 'POST',
    path: '/tokens',
    body: {
      name,
      role,
      jurisdiction,
      ...(police && { police }),
      ...(purpose && { purpose }),
      ...(expires && { expiresAt: expires }),
    },
  };
}

interface ListedToken {
  id: string;
  name: string;
  role: string;
  jurisdiction: string;
  expiresAt: string | null;
  revokedAt: string | null;
}

function describe(action: string | undefined, body: string): string[] {
  if (action === 'revoke') return ['revoked'];
  const answer = JSON.parse(body) as { id: string; token: string; items: ListedToken[] };
  if (action === 'create') return [answer.token];
  return answer.items.map(({ id, name, role, jurisdiction, expiresAt, revokedAt }) => {
    const state = revokedAt ? `revoked ${revokedAt}` : expiresAt ? `until ${expiresAt}` : 'until revoked';
    return [id, role.padEnd(10), jurisdiction, state, name].join('  ');
  });
}
