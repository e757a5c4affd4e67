import fc from 'fast-check';
import t from 'tap';
import { OnvifError } from '../../../../src/devices/onvif/problems.ts';
import { endpointOf, probe, readAnnouncements } from '../../../../src/devices/onvif/strangers/announcements.ts';

const QUESTION = 'urn:uuid:11111111-2222-4333-8444-555555555555';
const ENDPOINT = 'urn:uuid:aaaaaaaa-2222-4333-8444-555555555555';

const device = (over: { endpoint?: string; scopes?: string; xaddrs?: string } = {}): string =>
  `<a:EndpointReference><a:Address>${over.endpoint ?? ENDPOINT}</a:Address></a:EndpointReference>` +
  `<d:Scopes>${over.scopes ?? 'onvif://www.onvif.org/name/Gate%201 onvif://www.onvif.org/hardware/X-7'}</d:Scopes>` +
  `<d:XAddrs>${over.xaddrs ?? 'http://10.1.2.3/onvif/device_service'}</d:XAddrs>`;

const envelope = (body: string, relatesTo = QUESTION): Buffer =>
  Buffer.from(
    `<e:Envelope xmlns:e="e" xmlns:a="a" xmlns:d="d"><e:Header><a:RelatesTo>${relatesTo}</a:RelatesTo></e:Header>` +
      `<e:Body>${body}</e:Body></e:Envelope>`,
  );

const matches = (...all: string[]): string =>
  `<d:ProbeMatches>${all.map((one) => `<d:ProbeMatch>${one}</d:ProbeMatch>`).join('')}</d:ProbeMatches>`;

const read = (bytes: Buffer) => readAnnouncements(bytes, new Set([QUESTION]));

t.test('every match of an envelope is read, and names lose their percent signs', async (t) => {
  const [first, second, ...more] = read(
    envelope(matches(device(), device({ endpoint: ENDPOINT.toUpperCase(), scopes: 'onvif://www.onvif.org/name/%' }))),
  );
  t.match(first, { what: 'match', endpoint: ENDPOINT, name: 'Gate 1', model: 'X-7', maker: null });
  t.equal(first?.xaddrs[0]?.href, 'http://10.1.2.3/onvif/device_service');
  t.match(second, { endpoint: ENDPOINT, name: '%' });
  t.same(more, []);
});

t.test('an answer to somebody else, or to nobody, is none of ours', async (t) => {
  t.same(read(envelope(matches(device()), 'urn:uuid:other')), []);
  t.same(read(probe(QUESTION, 'tds:Device')), [], 'nor is a question');
});

t.test('hello and bye are read, whoever they answer', async (t) => {
  t.match(read(envelope(`<d:Hello>${device()}</d:Hello>`, '')), [{ what: 'hello', endpoint: ENDPOINT }]);
  t.match(read(envelope(`<d:Bye>${device()}</d:Bye>`, '')), [{ what: 'bye' }]);
});

t.test('addresses that are none are left out, and of many matches the first 64 are read', async (t) => {
  const xaddrs = 'ftp://10.1.2.3/ http://admin:pw@10.1.2.3/ https://[fd00::1]/onvif nonsense';
  t.same(read(envelope(matches(device({ xaddrs }))))[0]?.xaddrs.map(String), ['https://[fd00::1]/onvif']);
  t.equal(read(envelope(matches(...Array<string>(100).fill(device())))).length, 64);
  const evil = device({ scopes: 'onvif://www.onvif.org/name/%E2%80%AE%0Aevil' });
  t.equal(read(envelope(matches(evil)))[0]?.name, 'evil');
});

t.test('a document type, nesting without end and noise are refused as malformed', async (t) => {
  const dtd = Buffer.from(`<!DOCTYPE x [<!ENTITY y "z">]>${envelope(matches(device()))}`);
  for (const bytes of [dtd, Buffer.from('<a>'.repeat(5_000)), Buffer.from('<Envelope>'), Buffer.alloc(0)])
    t.throws(() => read(bytes), OnvifError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 512 }), (bytes) => {
      try {
        read(Buffer.from(bytes));
      } catch (error) {
        if (!(error instanceof OnvifError)) throw error;
      }
    }),
    { numRuns: 200 },
  );
});

t.test('an endpoint has one spelling', async (t) => {
  t.equal(endpointOf('AAAAAAAA-2222-4333-8444-555555555555'), ENDPOINT);
  t.equal(endpointOf(' uuid:aaaaaaaa-2222-4333-8444-555555555555 '), ENDPOINT);
  t.equal(endpointOf('<script>'), null);
});
