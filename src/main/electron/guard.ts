/** What no page may do, whichever window it is in. */
import { app, type Session } from 'electron';
import { isOurUrl, origin } from './protocol.ts';

/** Holds for all contents made from now on: no other address, no further window, no embedded contents. */
export function guardContents(): void {
  app.on('web-contents-created', (_created, contents) => {
    contents.on('will-navigate', (details) => {
      if (!isOurUrl(details.url)) details.preventDefault();
    });
    contents.on('will-redirect', (details) => details.preventDefault());
    contents.on('will-frame-navigate', (details) => {
      if (!details.isMainFrame || !isOurUrl(details.url)) details.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** Every permission is denied, except writing text to the clipboard from our own origin; so is everything from elsewhere. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide, { isMainFrame, requestingUrl }) =>
    decide(permission === allowed && isMainFrame && isOurUrl(requestingUrl)),
  );
  session.setPermissionCheckHandler(
    (_contents, permission, requestingOrigin, { isMainFrame }) =>
      permission === allowed && isMainFrame && (requestingOrigin === origin || requestingOrigin === `${origin}/`),
  );
  session.setDevicePermissionHandler(() => false);
  // Nothing of ours is fetched by a page: what a policy were to let through ends here.
  session.webRequest.onBeforeRequest({ urls: ['<all_urls>'] }, ({ url }, decide) => decide({ cancel: !isOwn(url) }));
  session.on('will-download', (event) => event.preventDefault());
}

/** Our pages, the pictures that stand in them, and the developer tools of an unpackaged program. */
function isOwn(url: string): boolean {
  return isOurUrl(url) || url.startsWith('data:image/') || (url.startsWith('devtools://') && !app.isPackaged);
}

const allowed = 'clipboard-sanitized-write';
