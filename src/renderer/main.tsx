import '@mantine/core/styles.layer.css';
import '@mantine/notifications/styles.layer.css';
import './base.css';
import { MantineProvider, mergeThemeOverrides, Notification } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { type ReactNode, StrictMode, useMemo } from 'react';
import { createRoot } from 'react-dom/client';
import { I18nextProvider, useTranslation } from 'react-i18next';
import { createBridge } from './bridge.ts';
import { createTranslations } from './i18n.ts';
import { Shell } from './panels/shell.tsx';
import { Boundary } from './parts/boundary.tsx';
import { ActionEditor } from './store/action-editor.ts';
import { Actions } from './store/actions.ts';
import { Alerts } from './store/alerts.ts';
import { Connection } from './store/connection.ts';
import { keepDraft, keepEditorDrafts } from './store/draft.ts';
import { History } from './store/history.ts';
import { Hotkeys } from './store/hotkeys.ts';
import { Keystrokes } from './store/keystrokes.ts';
import { Palette } from './store/palette.ts';
import { type Potter, PotterProvider } from './store/potter.tsx';
import { Practice } from './store/practice.ts';
import { Process } from './store/process.ts';
import { Providers } from './store/providers.ts';
import { Settings } from './store/settings.ts';
import { System } from './store/system.ts';
import { cssVariables, theme } from './theme.ts';

/** The server puts the page's nonce into the meta tag; Mantine's style tags need it under the CSP. */
const styleNonce = (): string => document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

function createStores(): Potter {
  const bridge = createBridge(() => void connection.open());
  const connection = new Connection({ connect: bridge.connect });
  const process = new Process(connection);
  keepDraft(process);
  const actions = new Actions(connection, process);
  const editor = new ActionEditor(connection, actions, process);
  keepEditorDrafts(editor);
  const settings = new Settings(connection);
  return {
    connection,
    process,
    actions,
    editor,
    palette: new Palette(connection, process, actions),
    keystrokes: new Keystrokes(window),
    history: new History(connection),
    system: new System(connection),
    settings,
    hotkeys: new Hotkeys(settings),
    providers: new Providers(connection),
    practice: new Practice(connection, process),
    alerts: new Alerts(connection),
  };
}

/** The look, with the words that its parts say by themselves. */
function Themed({ children }: { readonly children: ReactNode }): ReactNode {
  const { t } = useTranslation();
  const spoken = useMemo(() => {
    const closeButtonProps = { 'aria-label': t('app.dismiss') };
    return mergeThemeOverrides(theme, {
      components: { Notification: Notification.extend({ defaultProps: { closeButtonProps } }) },
    });
  }, [t]);
  return (
    <MantineProvider
      theme={spoken}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      {children}
    </MantineProvider>
  );
}

const potter = createStores();
const translations = await createTranslations();
const root = document.getElementById('root');
if (!root) throw new Error('index.html lacks the element with the id "root".');
void potter.connection.open();

createRoot(root).render(
  <StrictMode>
    <I18nextProvider i18n={translations}>
      <Themed>
        <Notifications position="bottom-right" autoClose={8000} limit={4} />
        <Boundary>
          <PotterProvider value={potter}>
            <Shell />
          </PotterProvider>
        </Boundary>
      </Themed>
    </I18nextProvider>
  </StrictMode>,
);
