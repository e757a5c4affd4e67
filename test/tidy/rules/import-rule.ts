import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import {
  filesBelow,
  lineOf,
  type Node,
  type ParsedSource,
  parseSource,
  parseText,
  read,
} from '../../support/source-tree.ts';

const SIBLINGS = ['access', 'devices', 'ingest', 'passages', 'images', 'telemetry', 'streams', 'alerts'];

/** Who may import whom (design §3): a folder sees itself and those listed. The siblings never see each other. */
const MAY_IMPORT: Record<string, string[]> = {
  core: [],
  platform: ['core'],
  access: ['core', 'platform'],
  devices: ['core', 'platform'],
  ingest: ['core', 'platform'],
  passages: ['core', 'platform'],
  images: ['core', 'platform'],
  telemetry: ['core', 'platform'],
  streams: ['core', 'platform'],
  alerts: ['core', 'platform'],
  backups: ['core', 'platform'],
  api: ['core', 'platform', ...SIBLINGS],
  app: ['core', 'platform', ...SIBLINGS, 'backups', 'api'],
};

/** Libraries and Node modules that only some places of src/ may touch. */
const FENCES: { library: RegExp; allowed: RegExp }[] = [
  { library: /^(mqtt|mqtt-packet|aedes)$/, allowed: /^src\/ingest\/uplinks\// },
  { library: /^(node-onvif|onvif)(\/|$)/, allowed: /^src\/devices\/onvif\// },
  { library: /^fluent-ffmpeg$/, allowed: /^src\/streams\/ffmpeg\// },
  {
    library: /^(node:)?child_process$/,
    allowed: /^src\/(streams\/ffmpeg\/|streams\/recorder\/disk\/writer-child\.ts$|app\/local-services\/)/,
  },
  { library: /^(pg|kysely|ioredis|bullmq|undici|nodemailer)(\/|$)/, allowed: /^src\/platform\// },
  { library: /^(influx|@influxdata\/influxdb-client)$/, allowed: /^src\/telemetry\/stores\// },
  { library: /^(node:)?dns(\/promises)?$/, allowed: /^src\/platform\/outbound\/names\.ts$/ },
  {
    library: /^(node:)?(net|tls|dgram|http|https|http2)$/,
    allowed: /^src\/(platform\/outbound\/|ingest\/uplinks\/|streams\/|api\/|app\/local-services\/)/,
  },
];

function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function importProblems(source: ParsedSource): string[] {
  const problems: string[] = [];
  for (const { from, start } of source.imports) {
    const at = `${source.path}:${lineOf(source.text, start)}`;
    if (from.startsWith('.')) {
      const target = normalize(join(dirname(source.path), from));
      const [top, folder = ''] = target.split('/');
      const own = folderOf(source.path);
      if (top !== 'src') problems.push(`${at} leaves src/ for ${target}`);
      else if (folder !== own && !MAY_IMPORT[own]?.includes(folder)) problems.push(`${at} ${own} imports ${folder}`);
      continue;
    }
    for (const { library, allowed } of FENCES) {
      if (library.test(from) && !allowed.test(source.path)) problems.push(`${at} imports ${from}`);
    }
  }
  return problems;
}

/** Where no others try at the same time, or the random factor comes where the pause is waited for. */
const NOT_JITTERED = new RegExp(
  '^src/(core/mechanisms/backoff|access/codes/code-guesses|api/guards/login-guard|streams/relay/video-packer|' +
    'streams/pool/pull-machine|telemetry/writer/writer)\\.ts$',
);

/** Globals that hide a clock, a socket or the environment: only the named place may use them. */
const BANNED: { use: RegExp; allowed: RegExp; what: string }[] = [
  { use: /\bprocess\.env\b/, allowed: /^src\/app\/config\//, what: 'process.env' },
  { use: /\bDate\.now\b|\bnew Date\(\)/, allowed: /^src\/core\/clock\.ts$/, what: 'the machine clock' },
  { use: /\bperformance\.now\b/, allowed: /^src\/core\/clock\.ts$/, what: 'the machine clock' },
  // How long a socket may be silent is no timer of ours.
  { use: /(?<!\bsocket\.)\b(setTimeout|setInterval)\(/, allowed: /^src\/core\/clock\.ts$/, what: 'a timer' },
  {
    use: /\b(86_?400(_?000)?|3_?600_?000|3_?600 \* 1_?000|24 \* 3_?600)\b/,
    allowed: /^src\/core\/clock\.ts$/,
    what: 'an hour or a day by hand',
  },
  { use: /\bgetSingleMetric\b/, allowed: /^src\/core\/observe\.ts$/, what: 'a metric found by hand' },
  { use: /\bMath\.random\b|\brandomInt\b/, allowed: /^src\/core\/random\.ts$/, what: 'randomness of its own' },
  {
    use: /\bfor \(let (\w+) = 0; \1 < \w+\.length; \1 \+= ([A-Z]|\d[\d_])/,
    allowed: /^$/,
    what: 'parts by hand, in place of chunksOf',
  },
  {
    use: /^(export )?(let |const \w+ = new (WeakMap|WeakSet|\w+Array)\b|const \w+ = new (Map|Set)(<.*>)?\(\))/,
    allowed: /^$/,
    what: 'a state of the module, in place of an object',
  },
  { use: /pause\w* \* 2\b/i, allowed: /^$/, what: 'a pause doubled by hand, in place of backoffMs' },
  { use: /\bAbortSignal\.timeout\(/, allowed: /^$/, what: 'a timer' },
  { use: /(?<![.\w#])fetch\(/, allowed: /^$/, what: 'fetch' },
];

function globalProblems(source: ParsedSource): string[] {
  const problems: string[] = [];
  source.text.split('\n').forEach((line, index) => {
    if (/^\s*(\*|\/\/|\/\*)/.test(line)) return;
    for (const { use, allowed, what } of BANNED) {
      if (use.test(line) && !allowed.test(source.path)) problems.push(`${source.path}:${index + 1} uses ${what}`);
    }
  });
  return problems;
}

/** Calls of backoffMs that are no argument of a call of jittered, however they are broken over lines. */
function jitterProblems({ path, text, nodes }: ParsedSource): string[] {
  if (NOT_JITTERED.test(path)) return [];
  const calls = (name: string): Node[] =>
    nodes.filter(({ type, callee }) => type === 'CallExpression' && (callee as Node).name === name);
  const spread = new Set(calls('jittered').flatMap((call) => call.arguments as Node[]));
  const same = calls('backoffMs').filter((call) => !spread.has(call));
  return same.map(({ start }) => `${path}:${lineOf(text, start)} pauses as long as all others, in place of jittered`);
}

const sources = filesBelow(['src'], /\.ts$/).map(parseSource);

t.test('folders import only what stands below them, libraries stay behind their fences', async (t) => {
  t.same(sources.flatMap(importProblems), []);
});

t.test('time, environment and sockets come through the one place that owns them', async (t) => {
  t.same(sources.flatMap(globalProblems), []);
});

t.test('who tries again pauses for another time than the others', async (t) => {
  t.same(sources.flatMap(jitterProblems), []);
});

t.test('tests take the length of an hour and of a day from the one place that says it', async (t) => {
  const again = /\bconst (?:DAY|HOUR|MINUTE)_MS = /;
  const problems = filesBelow(['test', 'bench'], /\.ts$/).filter((path) => again.test(read(path)));
  t.same(problems, []);
});

t.test('simulators know nothing of the gateway but its public doors', async (t) => {
  const problems = filesBelow(['simulators'], /\.ts$/)
    .map(parseSource)
    .flatMap(({ path, imports }) =>
      imports.map(({ from }) => ({ path, target: normalize(join(dirname(path), from)), from })),
    )
    .filter(({ from, target }) => from.startsWith('.') && !target.startsWith('simulators/'))
    .map(({ path, target }) => `${path} imports ${target}`);
  t.same(problems, []);
});

t.test('the rule itself sees a breach', async (t) => {
  const source = { path: 'src/alerts/x.ts', text: '', nodes: [], imports: [] };
  const breach = (from: string) => importProblems({ ...source, imports: [{ from, start: 0 }] }).length;
  t.equal(breach('../streams/pool.ts'), 1);
  t.equal(breach('../api/server.ts'), 1);
  t.equal(breach('pg'), 1);
  t.equal(breach('node:net'), 1);
  t.equal(breach('../core/clock.ts'), 0);
  t.equal(globalProblems({ ...source, text: 'const x = Date.now();' }).length, 1);
  t.equal(globalProblems({ ...source, text: 'const pauseMs = 100 * Math.random();' }).length, 1);
  t.equal(globalProblems({ ...source, text: 'const keepMs = 7 * 86_400_000;' }).length, 1);
  t.equal(globalProblems({ ...source, text: 'for (let at = 0; at < rows.length; at += 1_000)' }).length, 1);
  t.equal(globalProblems({ ...source, text: 'const compiled = new WeakMap<Kind, Compiled>();' }).length, 1);
  t.equal(globalProblems({ ...source, text: 'pauseMs = Math.min(pauseMs * 2, maxMs);' }).length, 1);
  const jitter = (text: string): number => jitterProblems(parseText('src/alerts/x.ts', text)).length;
  t.equal(jitter('const ms = backoffMs(PAUSES, tries);'), 1);
  t.equal(jitter('const ms = jittered(\n  MINUTE_MS + backoffMs(PAUSES, tries),\n  random,\n);'), 1);
  t.equal(jitter('const spread = jittered(\n  minMs, random) +\n  backoffMs(PAUSES, tries);'), 1);
  t.equal(jitter('const ms = jittered(\n  backoffMs(PAUSES, tries),\n  random,\n);'), 0);
});
