import t from 'tap';
import { diffLines } from '../../../../web/src/admin/common/diff-lines.ts';
import { notesOf } from '../../../../web/src/admin/machine/notes-text.ts';
import { read } from '../../../support/source-tree.ts';

t.test('a changelog is told note by note, without its marks', async (t) => {
  const text = '# Changelog\n\n## 1.0\n\n- **New**: see [the docs](x.md), or\n  `run`.\n- Old.\n\n## 0.9\n\n- First.\n';
  const [first, second] = notesOf(text);
  t.equal(first?.version, '1.0');
  t.same(first?.notes[0], [
    { is: 'strong', text: 'New' },
    { is: 'text', text: ': see ' },
    { is: 'text', text: 'the docs' },
    { is: 'text', text: ', or ' },
    { is: 'code', text: 'run' },
    { is: 'text', text: '.' },
  ]);
  t.equal(first?.notes.length, 2);
  t.same(second, { version: '0.9', notes: [[{ is: 'text', text: 'First.' }]] });
  t.ok((notesOf(read('CHANGELOG.md'))[0]?.notes.length ?? 0) > 10, 'and ours');
});

t.test('two texts differ by the lines that somebody changed', async (t) => {
  const lines = diffLines('a\nb\nc\n', 'a\nx\nc\nd\n').map(({ is, text }) => `${is} ${text}`);
  t.same(lines, ['same a', 'gone b', 'new x', 'same c', 'new d']);
  t.same(diffLines('', 'a\n'), [{ is: 'new', text: 'a' }]);
  t.same(diffLines('a', 'a\n'), [{ is: 'same', text: 'a' }]);
});
