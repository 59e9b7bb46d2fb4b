/** Replaces the file named first by as many characters as named second, and tells how that ended. */
import process from 'node:process';
import { replaceFile } from '../../../../src/main/core/config/sources.ts';
import { toPotterError } from '../../../../src/shared/errors.ts';

const [path = '', characters = '0'] = process.argv.slice(2);
try {
  replaceFile(path, 'x'.repeat(Number(characters)));
  process.stdout.write('written');
} catch (thrown) {
  process.stdout.write(toPotterError(thrown).code);
}
