/** The clipboard as other programs see it, through xclip. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Session, until } from './session.ts';

let lastFile = 0;

export async function setClipboard(session: Session, type: string, data: Buffer): Promise<void> {
  const file = join(session.folder, `clipboard-${++lastFile}`);
  await writeFile(file, data);
  session.start('xclip', '-selection', 'clipboard', '-t', type, '-i', file);
  await clipboardIs(session, type, data);
}

export async function getClipboard(session: Session, type: string): Promise<Buffer> {
  return await session.run('xclip', '-selection', 'clipboard', '-t', type, '-o');
}

/** Waits until the clipboard holds exactly these bytes in this format. */
export async function clipboardIs(session: Session, type: string, data: Buffer): Promise<void> {
  await until(`${data.length} bytes of ${type} on the clipboard`, async () => {
    const found = await getClipboard(session, type).catch(() => undefined);
    return found?.equals(data) ? true : undefined;
  });
}

/** A valid PNG of one red pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);
