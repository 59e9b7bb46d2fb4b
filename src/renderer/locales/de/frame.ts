import type { frame as english } from '../en/frame.ts';
import type { Shape } from '../shape.ts';

export const frame: Shape<typeof english> = {
  app: {
    name: 'Potter',
    skip: 'Zum Inhalt springen',
    navigation: 'Bereiche',
    groups: { work: 'Arbeiten', setUp: 'Einrichten' },
    panels: {
      process: 'Text',
      actions: 'Aktionen',
      history: 'Verlauf',
      providers: 'Anbieter',
      hotkeys: 'Tastenkürzel',
      settings: 'Einstellungen',
      about: 'Info',
      welcome: 'Willkommen',
    },
    title: '{{panel}} – Potter',
    mend: {
      providers: 'Anbieter und Schlüssel öffnen',
      actions: 'Aktionen öffnen',
      hotkeys: 'Tastenkürzel öffnen',
      settings: 'Einstellungen öffnen',
    },
    theme: 'Farben',
    themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
    themeFailed: 'Die Farben wurden nicht gespeichert.',
    demo: 'Vorführung: Die Antworten stammen aus einem gekennzeichneten Muster, nicht von einem Modell.',
    problems:
      'Eine Einstellungsdatei konnte nicht gelesen werden. Es gelten weiter die letzten gültigen Einstellungen.',
    dismiss: 'Schließen',
    openRun: 'Ergebnis öffnen',
    cancel: 'Abbrechen',
    close: 'Schließen',
    retry: 'Erneut versuchen',
    reading: 'Wird gelesen …',
    version: 'Version {{version}}',
  },
  alerts: {
    title: 'Warnungen',
    open_one: '{{count}} Warnung',
    open_other: '{{count}} Warnungen',
    acknowledged: 'Warnungen, bestätigt',
    none: 'Es gibt keine Warnungen.',
    times_one: 'Einmal, {{last}}.',
    times_other: '{{count}}-mal, zuerst {{first}}, zuletzt {{last}}.',
    acknowledge: 'Bestätigen',
    resolve: 'Erledigt',
  },
  connection: {
    connecting: 'Verbindung wird aufgebaut …',
    connected: 'Verbunden',
    lost: 'Verbindung unterbrochen. Neuer Versuch läuft …',
    lostLong: 'Potter antwortet nicht. Ihr Text ist hier sicher; es wird weiter versucht.',
    retry: 'Jetzt versuchen',
    signedOut: 'Abgemeldet',
    signedOutText:
      'Diese Seite ist nicht mehr angemeldet. Öffnen Sie noch einmal die Adresse, die Potter beim Start ausgegeben hat:',
    signedOutExample: 'potter serve --open',
    signedOutNote: 'Jede Adresse meldet einen Browser einmal an. Ein neuer Start gibt eine neue aus.',
  },
  unexpected: {
    title: 'Dieser Bereich wurde angehalten',
    text: 'Verlauf und Einstellungen sind nicht betroffen. Laden Sie den Bereich neu, um fortzufahren.',
    reload: 'Neu laden',
  },
};
