/** Payloads of a device, each with the outcome of its records: `accepted`, or the reason of the refusal. */
export const HOSTILE_RECORDS: readonly [name: string, channel: string, payload: string, outcomes: string[]][] = [
  [
    'a zero of 200,000 digits',
    'telemetry',
    `{"id":"e-1","values":{"fill_pct":0.${'0'.repeat(200_000)}}}`,
    ['accepted'],
  ],
  ['a list within lists', 'telemetry', `{"values":{"fill_pct":${nested(2_000)}}}`, ['wrong-type']],
  ['a value named __proto__', 'telemetry', '{"values":{"__proto__":{"fill_pct":1}}}', ['unknown-field']],
  ['a record of __proto__', 'telemetry', '{"__proto__":{"values":{"fill_pct":1}}}', ['unknown-key']],
  ['values that every object has', 'telemetry', '{"values":{"toString":1}}', ['unknown-field']],
  ['a name with NUL', 'telemetry', '{"values":{"a\\u0000b":1}}', ['unknown-field']],
  ['an id with NUL', 'telemetry', '{"id":"a\\u0000","values":{"fill_pct":1}}', ['not-text']],
  [
    'a time that is none',
    'telemetry',
    '[{"ts":0.5,"values":{"fill_pct":1}},{"ts":1e999,"values":{"fill_pct":1}}]',
    ['not-whole', 'not-finite'],
  ],
  ['an event named constructor', 'events', '{"type":"constructor","data":{}}', ['unknown-event']],
  ['a backfill without a time', 'telemetry?lane=bulk', '{"values":{"fill_pct":1}}', ['no-time']],
  ['a reply within lists', 'replies', `{"id":"x","ok":true,"result":${nested(2_000)}}`, []],
  ['a reply of __proto__', 'replies', '{"id":"__proto__","ok":true,"result":{"__proto__":{"ok":false}}}', []],
];

/** Requests of the administrator, each with the only status it may have. */
export const HOSTILE_REQUESTS: readonly [method: string, path: string, body: string | undefined, status: number][] = [
  ['POST', '/devices/hostile/commands', `{"name":"reboot","args":{"a":${nested(20_000)}}}`, 400],
  ['POST', '/devices/hostile/commands', `{"name":"reboot","args":{"a":"${'x'.repeat(200_000)}"}}`, 413],
  ['POST', '/devices/hostile/commands', '{"name":"reboot","args":{"__proto__":{"x":1}}}', 400],
  ['POST', '/devices/hostile/commands', '{"name":"constructor"}', 400],
  ['POST', '/devices/hostile/commands', '{"name":"reboot","deadline":"9999-12-31T23:59:59-23:59"}', 400],
  ['POST', '/passages/search', `{"devices":[${'[],'.repeat(300_000)}[]]}`, 400],
  ['POST', '/dead-letters/replay', `{"ids":${nested(400_000)}}`, 400],
  ['POST', '/session', `{"username":"${'x'.repeat(20_000)}"}`, 413],
  ['GET', `/devices/hostile/export?${range('0000-01-01', '2026-01-01')}`, undefined, 400],
  ['GET', `/devices/hostile/export?${range('2026-01-01', '9999-12-31')}`, undefined, 400],
  ['GET', `/devices/hostile/history?fields=constructor&${range('2026-01-01', '2026-01-02')}`, undefined, 400],
  ['GET', `/devices/hostile/history?fields=fill_pct"&${range('2026-01-01', '2026-01-02')}`, undefined, 400],
  ['GET', `/devices/hostile/completeness?${range('0000-01-01', '9999-12-31')}`, undefined, 400],
  ['GET', '/images/..%2f..%2fcitywatch.yaml?purpose=x', undefined, 404],
  ['GET', '/dead-letters?reason=%00', undefined, 400],
  ['GET', '/completeness?day=2026-02-30', undefined, 400],
];

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

function range(from: string, to: string): string {
  return `from=${from}T00:00:00Z&to=${to}T00:00:00Z`;
}
