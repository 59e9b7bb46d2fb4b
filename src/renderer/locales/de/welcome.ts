import type { welcome as english } from '../en/welcome.ts';
import type { Shape } from '../shape.ts';

export const welcome: Shape<typeof english> = {
  welcome: {
    steps: 'Schritte der Einführung',
    number: 'Schritt {{number, number}} von {{total, number}}',
    next: 'Weiter',
    back: 'Zurück',
    skip: 'Einführung überspringen',
    close: 'Einführung schließen',
    finish: 'Loslegen',
    promise: {
      name: 'Willkommen',
      title: 'Willkommen bei Potter',
      text: 'Markieren Sie Text in einem beliebigen Programm, drücken Sie ein Tastenkürzel, und er wird an Ort und Stelle umgeschrieben. Vorweg: Das verlässt Ihren Rechner.',
    },
    access: {
      name: 'Zugriff',
      title: 'Markierungen lesen und ersetzen',
      text: 'Potter liest, was in dem Programm markiert ist, in dem Sie gerade arbeiten, und schreibt das Ergebnis dorthin zurück. Das lässt Ihr Desktop zu.',
    },
    desktops: {
      x11: {
        title: 'Hier geht alles',
        text: 'Dies ist eine X11-Sitzung: Tastenkürzel wirken in jedem Programm, und Markierungen werden an Ort und Stelle ersetzt. Sie müssen nichts erlauben.',
      },
      wayland: {
        title: 'Unter Wayland werden Ergebnisse kopiert',
        text: 'Wayland lässt kein Programm in ein anderes einfügen. Potter liest die Markierung und legt das Ergebnis in die Zwischenablage, damit Sie es einfügen.',
      },
      native: {
        title: 'Auf diesem System noch nicht',
        text: 'Markierungen lassen sich auf diesem System noch nicht lesen. Texte können Sie in das Fenster einfügen.',
      },
      none: {
        title: 'Markierungen sind von hier aus nicht zu erreichen',
        text: 'Fügen Sie Texte in die Seite ein, oder geben Sie sie der Befehlszeile als Standardeingabe.',
      },
    },
    provider: {
      name: 'Modell',
      title: 'Wer soll antworten?',
      text: 'Ein Programm auf diesem Rechner wird von selbst gefunden, solange es läuft. Ein Anbieter braucht einen Schlüssel, der gleich beim Speichern ausprobiert wird. Ohne beides gehen Proofread (offline) und die Befehle auf diesem Rechner.',
      other: 'Ein anderer Server',
    },
    hotkeys: {
      name: 'Tastenkürzel',
      title: 'Zwei Tastenkürzel zum Merken',
      text: 'Das eine führt die aktuelle Aktion auf der Markierung aus, beim anderen wählen Sie die Aktion zuerst.',
      press: 'Drücken Sie es jetzt',
      heard: 'Potter hat es gehört',
      heardText: 'Das Tastenkürzel wirkt.',
    },
    practice: {
      name: 'Üben',
      title: 'Probieren Sie es aus',
      text: 'Führen Sie die Aktion auf diesem Text aus, sehen Sie sich die Änderungen an, übernehmen Sie sie mit der Eingabetaste, und stellen Sie das Original wieder her. Geschrieben wird sonst nirgendwohin.',
      label: 'Ein Text zum Üben',
      sample: 'This is a example of an sentence with bad grammar. I definately recieve alot of them.',
      hotkey: 'Oder markieren Sie den Text und drücken Sie {{keys}}.',
      accept: 'Übernehmen',
      accepted:
        'Das ist alles. In anderen Programmen wird der Text ersetzt, wo er steht, und lässt sich genauso wiederherstellen.',
      restore: 'Original wiederherstellen',
    },
    habits: {
      name: 'Vorlieben',
      title: 'Ganz nach Ihrem Geschmack',
      text: 'Alles hier lässt sich später ändern.',
      later: 'Die Einführung lässt sich unter „Info“ wieder öffnen.',
    },
  },
};
