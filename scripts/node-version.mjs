// Imported first by every script. Written so that old versions of Node can still read it and say what is wrong.
var OLDEST = [20, 20, 2];

var parts = process.versions.node.split('.').map(Number);
var isTooOld = false;
for (var index = 0; index < OLDEST.length; index += 1) {
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
