import t from 'tap';
import { UPLINKS } from '../../../../src/ingest/uplinks/uplinks.ts';
import { linesUplink } from '../../../fixtures/uplinks/lines/lines.ts';
import { conforms } from '../../../support/uplinks/uplink-conformance.ts';

for (const [index, type] of [...UPLINKS, linesUplink].entries()) {
  t.test(`${index + 1}. ${type.name}`, (t) => conforms(t, type));
}
