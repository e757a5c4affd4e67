import { SINKS } from '../../alerts/sinks/sinks.ts';
import { UPLINKS } from '../../ingest/uplinks/uplinks.ts';
import { Outbound } from '../../platform/outbound/outbound.ts';
import { examineAll } from '../doctor/doctor.ts';
import { type Command, EXIT, prepareQuietly } from './command.ts';

const MARKS = { fine: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

export const doctor: Command = {
  name: 'doctor',
  summary: 'check what the gateway depends on, and say how to mend what is wrong',
  usage: '',
  details: [
    'Looks at ffmpeg, Redis, InfluxDB, PostgreSQL, the broker, certificates, disk, clock, ports, the data directory',
    'and whether its journal and the database belong together; changes nothing.',
  ],
  options: {},
  run: async (_, terminal) => {
    const { config, clock, observer } = prepareQuietly(terminal);
    const outbound = new Outbound({ clock, observer });
    try {
      const remarks = await examineAll({ config, clock, observer, outbound }, { uplinks: UPLINKS, sinks: SINKS });
      for (const { level, part, what, remedy } of remarks) {
        terminal.print(terminal.secrets.redact(`${MARKS[level]}  ${part}: ${what}`));
        if (remedy) terminal.print(`         → ${remedy}`);
      }
      return remarks.some(({ level }) => level === 'problem') ? EXIT.failed : EXIT.done;
    } finally {
      await outbound.close();
    }
  },
};
