import { systemClock } from '../../core/clock.ts';
import { SimulatedCity } from '../local-services/simulated-city.ts';
import { type Command, EXIT } from './command.ts';
import { endOfRun } from './end-of-run.ts';

export const simulate: Command = {
  name: 'simulate',
  summary: 'run a simulated city against a gateway',
  usage: '--scenario FILE --gateway URL --mqtt URL --token-file FILE [--plain] [--no-timeline] [--ledger FILE]',
  details: ['Says what happens as JSON lines. Scenarios are in simulators/scenarios/.'],
  options: {
    scenario: { type: 'string' },
    gateway: { type: 'string' },
    mqtt: { type: 'string' },
    'token-file': { type: 'string' },
    ledger: { type: 'string' },
    plain: { type: 'boolean' },
    'no-timeline': { type: 'boolean' },
  },
  run: async ({ options }, terminal) => {
    const args = Object.entries(options).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : typeof value === 'string' ? [`--${name}`, value] : [],
    );
    const end = endOfRun({ observer: null, terminal, clock: systemClock });
    const city = new SimulatedCity({
      args,
      clock: systemClock,
      onEvent: (event) => terminal.print(JSON.stringify(event)),
      onComplaint: (line) => terminal.complain(line),
    });
    const status = await Promise.race([city.ended, end.asked]);
    if (status !== null) return status;
    await city.stop();
    return EXIT.done;
  },
};
