import t from 'tap';
import { bodiesOf, headOf, partOf } from '../../../scripts/api-types/part.mjs';
import { startApi } from '../../support/api/api.ts';
import { read } from '../../support/source-tree.ts';

const ALERTS = '/api/v1/alerts';

interface Document {
  paths: { [ALERTS]: { get: { summary: string; parameters: object[] } } };
}

const MADE = 'web/src/ground/openapi.d.ts';

t.test('the types of the console are those of the API', async (t) => {
  const { call } = await startApi(t);
  const { body } = await call({ method: 'GET', url: '/api/openapi.json' });
  const made = read(MADE);
  const types = made.slice(made.indexOf('\n\n') + 2);
  const remedy = 'run `npm ci --prefix scripts/api-types && npm run types --prefix scripts/api-types`';
  t.equal(made.slice(0, made.indexOf('\n\n') + 2), headOf(partOf(body), types), remedy);
  t.same(JSON.parse(read('web/src/ground/bodies.json')), bodiesOf(body), remedy);
});

t.test('words for people change no types, anything else does', async (t) => {
  const { call } = await startApi(t);
  const { text } = await call({ method: 'GET', url: '/api/openapi.json' });
  const partWith = (change: (document: Document) => unknown) => {
    const document = JSON.parse(text) as Document;
    change(document);
    return JSON.stringify(partOf(document));
  };
  const before = partWith(() => undefined);
  t.equal(
    partWith(({ paths }) => Object.assign(paths[ALERTS].get, { summary: 'Other words' })),
    before,
  );
  t.not(
    partWith(({ paths }) => paths[ALERTS].get.parameters.pop()),
    before,
  );
});
