/** Another program that changes the settings: each time the whole file, put in the place of the old one. */
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const [file = '', first = '', ...rest] = process.argv.slice(2);
/** Values of one setting, in turn. */
const values = first === '' ? [] : [first, ...rest].map((value) => JSON.parse(value) as unknown);
const key = process.env.KEY ?? '';
const writes = Number(process.env.WRITES);
// As many keys as a well-filled file has.
const providers = Object.fromEntries(
  Array.from({ length: 25 }, (_, index) => [
    `vendor-${index}`,
    { name: `Vendor ${index}`, baseUrl: `https://vendor-${index}.example/v1`, needsKey: true },
  ]),
);
for (let index = 0; index < writes; index += 1) {
  await pause(Number(process.env.GAP_MS));
  const value = values.length > 0 ? values[index % values.length] : 1000 + index;
  writeFileSync(`${file}.new`, JSON.stringify({ providers, [key]: value }, undefined, 2));
  renameSync(`${file}.new`, file);
  console.log(JSON.stringify({ value, at: performance.timeOrigin + performance.now() }));
}
