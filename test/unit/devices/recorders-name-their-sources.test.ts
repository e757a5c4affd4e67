import t from 'tap';
import { SourceTokens } from '../../../src/devices/recorders/source-tokens.ts';

t.test('an event names a source, or its configuration: the name of the item says which is meant first', (t) => {
  const tokens = new SourceTokens([
    { source: '1', configuration: '2' },
    { source: '2', configuration: '1' },
    { source: 'cam_3', configuration: 'conf_3' },
    { source: 'cam_3', configuration: 'conf_3_small' },
    { source: '', configuration: 'audio' },
    { source: 'cam_4', configuration: '' },
  ]);
  for (const [name, value, source] of [
    ['VideoSourceConfigurationToken', '1', '2'],
    ['VideoSourceToken', '1', '1'],
    ['Source', '2', '2'],
    ['VideoSourceConfigurationToken', 'cam_3', 'cam_3'],
    ['Token', 'conf_3_small', 'cam_3'],
    ['VideoSourceConfigurationToken', 'audio', null],
    ['VideoSourceConfigurationToken', '', null],
    ['Source', '__proto__', null],
  ] as const) {
    t.equal(tokens.sourceOf([name, value]), source, `${name} ${value}`);
  }
  t.end();
});
