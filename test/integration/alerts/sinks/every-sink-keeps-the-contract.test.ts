import t from 'tap';
import { SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { linesSink } from '../../../fixtures/sinks/lines/lines.ts';
import { conforms } from '../../../support/alerts/sink-conformance.ts';

for (const make of [...SINKS, linesSink]) t.test(make.name, (t) => conforms(t, make));
