import type { about as english } from '../en/about.ts';
import type { Shape } from '../shape.ts';

export const about: Shape<typeof english> = {
  about: {
    title: 'Über Potter',
    text: 'Markieren Sie Text in einem beliebigen Programm, drücken Sie ein Tastenkürzel, und er wird an Ort und Stelle umgeschrieben.',
    version: 'Version',
    platform: 'System',
    runtime: 'Läuft auf',
    data: 'Datenordner',
    copyData: 'Pfad kopieren',
    desktop: 'Dieser Desktop',
    desktops: {
      x11: 'X11: Tastenkürzel und Ersetzen der Markierung',
      wayland: 'Wayland: Markierungen werden gelesen, Ergebnisse kopiert',
      native: 'Markierungen lassen sich auf diesem System noch nicht lesen',
      none: 'Kein Desktop: die Seiten hier und die Befehlszeile',
    },
    program: 'Dieses Programm',
    privacy: 'Was diesen Rechner verlässt',
    privacyPoints: {
      texts:
        'Ein Text, auf den Sie eine Aktion anwenden, geht an den Anbieter ihres Modells und an niemanden sonst. „Was gesendet würde“ im Editor einer Aktion zeigt es Zeichen für Zeichen.',
      keys: 'Ein Schlüssel geht an den Host, für den er eingegeben wurde.',
      local: 'Befehle auf diesem Rechner und Proofread (offline) senden nichts.',
      telemetry: 'Es gibt keine Telemetrie, und nichts ist von anderen Rechnern aus zu erreichen.',
    },
    licence: 'Lizenz',
    licenceText: 'MIT. Jeder darf es benutzen, ändern und weitergeben; es kommt ohne Gewähr.',
    welcome: 'Einführung',
    welcomeText: 'Was Potter tut, in zwei Minuten eingerichtet und ausprobiert.',
    openWelcome: 'Wieder öffnen',
    report: 'Einen Fehler melden',
    reportText: 'Was hilft, ihn zu verstehen. Es enthält keine Texte und keine Schlüssel.',
    copyReport: 'Einzelheiten kopieren',
    reading: 'Potter wird gefragt …',
  },
};
