import { join } from 'node:path';
import { openDatabase } from '../../src/main/core/storage/database.ts';
import { Welcome } from '../../src/main/core/welcome.ts';

/** Leaves the existing data directory as that of a person who has been through the introduction. */
export function welcomed(dataDirectory: string): void {
  const database = openDatabase(join(dataDirectory, 'potter.db'));
  new Welcome(database).step = 'done';
  database.close();
}
