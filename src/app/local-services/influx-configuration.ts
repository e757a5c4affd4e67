/**
 * The configuration of the private influxd. Every address it could bind is set or switched off: its defaults listen on
 * all interfaces. Cardinality limits are off because the gateway holds its own budget; at a limit influxd would drop
 * points of devices that did nothing wrong. No log holds statements, which may hold passwords.
 */
export function influxConfiguration(settings: { directory: string; socketPath: string; port: number }): string {
  const { directory, socketPath, port } = settings;
  return toToml({
    '': { 'reporting-disabled': true, 'bind-address': '127.0.0.1:0' },
    '[meta]': { dir: `${directory}/meta`, 'logging-enabled': false },
    '[data]': {
      dir: `${directory}/data`,
      'wal-dir': `${directory}/wal`,
      'index-version': 'tsi1',
      'wal-fsync-delay': '0s',
      'query-log-enabled': false,
      'max-values-per-tag': 0,
      'max-series-per-database': 0,
    },
    '[coordinator]': { 'query-timeout': '60s', 'log-queries-after': '0s' },
    '[retention]': { enabled: true },
    '[monitor]': { 'store-enabled': false },
    '[subscriber]': { enabled: false },
    '[continuous_queries]': { enabled: true, 'log-enabled': false },
    '[http]': {
      enabled: true,
      'bind-address': `127.0.0.1:${port}`,
      'auth-enabled': true,
      'log-enabled': false,
      'pprof-enabled': false,
      'flux-enabled': false,
      'unix-socket-enabled': true,
      'bind-socket': socketPath,
    },
    '[ifql]': { enabled: false, 'bind-address': '127.0.0.1:0' },
    '[logging]': { level: 'warn', 'suppress-logo': true },
    '[[graphite]]': { enabled: false, 'bind-address': '127.0.0.1:0' },
    '[[collectd]]': { enabled: false, 'bind-address': '127.0.0.1:0' },
    '[[opentsdb]]': { enabled: false, 'bind-address': '127.0.0.1:0' },
    '[[udp]]': { enabled: false, 'bind-address': '127.0.0.1:0' },
  });
}

/** A JSON string, number or boolean is the same in TOML. */
function toToml(tables: Record<string, Record<string, string | number | boolean>>): string {
  const lines = Object.entries(tables).flatMap(([table, values]) => [
    ...(table ? ['', table] : []),
    ...Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`),
  ]);
  return `${lines.join('\n')}\n`;
}
