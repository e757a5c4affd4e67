import t from 'tap';
import { SINKS } from '../../../../src/alerts/sinks/sinks.ts';
import { linesSink } from '../../../fixtures/sinks/lines/lines.ts';
import { conforms } from '../../../support/alerts/sink-conformance.ts';

for (const type of [...SINKS, linesSink]) t.test(type.type, (t) => conforms(t, type));
