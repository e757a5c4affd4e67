// Imported first by every script. Written so that old versions of Node can still read it and say what is wrong.
const OLDEST = [20, 20, 2];

const parts = process.versions.node.split('.').map(Number);
let isTooOld = false;
for (let index = 0; index < OLDEST.length; index += 1) {
  if (parts[index] === OLDEST[index]) continue;
  isTooOld = parts[index] < OLDEST[index];
  break;
}

if (isTooOld) {
  console.error(
    'citywatch needs Node ' +
      OLDEST.join('.') +
      ' or newer and this is ' +
      process.versions.node +
      '; install a newer Node.',
  );
  process.exit(2);
}
