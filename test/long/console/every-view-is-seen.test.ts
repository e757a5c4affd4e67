import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Demo } from '../../support/gateway/demo.ts';
import { ROOT } from '../../support/root.ts';
import { smallTargets } from '../../support/web/barriers.ts';
import { openBrowser, signIn, type View } from '../../support/web/browser.ts';
import { liveIn, PEOPLE, type Person } from '../../support/web/tour/lived-in.ts';
import { faultsOf } from '../../support/web/tour/look.ts';
import { type Place, placesOf, SCREENS, STRANGERS } from '../../support/web/tour/places.ts';
import { renew } from '../../support/web/tour/renew.ts';
import { goThere, picture, SIZES } from '../../support/web/tour/tour.ts';

const PICTURES = join(ROOT, 'test-results/views');
const LANGUAGES = ['en', 'zh'] as const;
const WIDTHS = [1440, 1920, 390] as const;
/** `DOCS_PICTURES=renew npm run test:long -- FILE` puts new pictures into docs/images, of English at this width. */
const RENEWS = process.env.DOCS_PICTURES === 'renew';
const DOCS = { language: 'en', width: 1440 } as const;

t.setTimeout(3_600_000);

interface Look {
  width: keyof typeof SIZES;
  language: (typeof LANGUAGES)[number];
  theme: 'light' | 'dark';
}

const LOOKS: Look[] = [
  ...WIDTHS.flatMap((width) => LANGUAGES.map((language) => ({ width, language, theme: 'light' as const }))),
  { width: 1440, language: 'zh', theme: 'dark' },
];

t.test('every view of a city that is lived in: as wide as its page, for fingers, and of nobody else', async (t) => {
  const demo = await Demo.start(t, { checkout: ROOT });
  await demo.connected();
  const lived = await liveIn(demo);
  for (const look of LOOKS) {
    await t.test(`${look.width} px, ${look.language}, ${look.theme}`, async (t) => {
      await visit(t, demo.url, look, { places: STRANGERS });
      for (const [person, places] of Object.entries(placesOf(lived)))
        await visit(t, demo.url, look, { person: person as Person, places });
      for (const place of SCREENS) {
        const token = await lived.screens[place.name]();
        await visit(t, demo.url, look, { places: [{ ...place, path: `${place.path}#screen=${token}` }] });
      }
    });
  }
});

/** Goes to places one after the other in one window, signed in where somebody is named. */
async function visit(t: Test, url: string, look: Look, { person, places }: { person?: Person; places: Place[] }) {
  const locale = look.language === 'zh' ? 'zh-CN' : 'en-GB';
  const view = await openBrowser(t, { locale, ...SIZES[look.width], dutyMap: true });
  const { page, context, offences } = view;
  const foreign: string[] = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !/^(blob|data):/.test(request.url())) foreign.push(request.url());
  });
  await context.addInitScript(`try { localStorage.setItem('citywatch.theme', '${look.theme}'); } catch {}`);
  if (person) await signIn(view, url, PEOPLE[person].username);
  for (const place of places) await seen(t, view, { url, look, place });
  t.same(offences, [], 'no error, nothing against the content policy');
  t.same(foreign, [], 'no request leaves the host');
  await context.close();
  t.equal(page.isClosed(), true);
}

async function seen(t: Test, { page }: View, { url, look, place }: { url: string; look: Look; place: Place }) {
  await goThere(page, url, place);
  t.same(await faultsOf(page), [], place.name);
  if (look.width === 390) t.same(await smallTargets(page), [], `${place.name} for fingers`);
  const folder = join(PICTURES, `${look.width}-${look.language}-${look.theme}`);
  await picture(page, join(folder, `${place.name}.png`));
  const isOfDocs = look.language === DOCS.language && look.theme === 'light';
  if (RENEWS && isOfDocs) await renew(page, place.name, look.width);
}
