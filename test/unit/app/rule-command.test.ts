import { fileURLToPath } from 'node:url';
import t from 'tap';
import { main } from '../../../src/app/cli.ts';
import { described } from '../../../src/app/commands/rule.ts';
import { KnownSecrets } from '../../../src/core/observe.ts';

const FULL = fileURLToPath(new URL('../../../config/rules/kiosk-full.yaml', import.meta.url));

t.test('wrong words after `rule` are told in one sentence, with status 2', async (t) => {
  const cases: [string[], RegExp][] = [
    [[], /rule needs dry-run FILE/],
    [['reload'], /rule needs dry-run FILE/],
    [['dry-run'], /needs the path/],
    [['dry-run', '/no/such/file'], /cannot be read/],
    [['dry-run', FULL, '--hours', '49'], /--hours must be above 0 and at most 48/],
    [['dry-run', FULL, '--hours', '1', '--recording', FULL], /judged whole/],
    [['dry-run', FULL, '--recording', '/no/such/file'], /cannot be read/],
  ];
  for (const [words, expected] of cases) {
    const said: string[] = [];
    const terminal = { print: () => {}, complain: (line: string) => void said.push(line), secrets: new KnownSecrets() };
    t.equal(await main(['rule', ...words], terminal), 2, words.join(' '));
    t.match(said, [expected]);
  }
});

t.test('an answer is told alert by alert, with what became of the lines of a file', async (t) => {
  const alert = {
    subject: { type: 'device' as const, id: 'k1' },
    jurisdiction: '330203',
    firedAt: '2026-11-20T08:00:00.000Z',
    clearedAt: null,
    times: 2,
  };
  const lines = described({
    from: '2026-11-20T08:00:00.000Z',
    to: '2026-11-20T09:00:00.000Z',
    messages: 3,
    devices: 1,
    draft: { version: 2, alerts: 1, subjects: 1 },
    inForce: { version: 1, alerts: 0, subjects: 0 },
    same: 0,
    onlyDraft: [alert],
    onlyInForce: [],
    clearedOtherwise: [],
    leftOut: 4,
    stopped: null,
    warnings: ['watchlists-not-asked'],
    recording: {
      id: 'r',
      lines: 5,
      leftOut: 1,
      refused: 1,
      refusals: [{ line: 2, reason: 'out-of-range', path: 'values.fill_pct' }],
    },
  });
  t.strictSame(lines, [
    '3 messages of 1 devices, 2026-11-20T08:00:00.000Z to 2026-11-20T09:00:00.000Z',
    'lines: 5, left out 1, refused 1',
    '  line 2  out-of-range values.fill_pct',
    'alerts: draft 1, version 1 0; the same 0',
    'only the draft:',
    '  2026-11-20T08:00:00.000Z  not cleared  device k1  2 times',
    '4 more are not shown',
    'warning: watchlists-not-asked',
  ]);
});
