/** The introduction. */
export const welcome = {
  welcome: {
    steps: 'Steps of the introduction',
    number: 'Step {{number, number}} of {{total, number}}',
    next: 'Next',
    back: 'Back',
    skip: 'Skip the introduction',
    close: 'Close the introduction',
    finish: 'Start writing',
    promise: {
      name: 'Welcome',
      title: 'Welcome to Potter',
      text: 'Select text in any program, press a hotkey, and it is rewritten in place. Before you begin: this is what leaves your computer.',
    },
    access: {
      name: 'Access',
      title: 'Reading and replacing your selection',
      text: 'Potter reads what is selected in the program you are in, and writes the result back there. This is what your desktop lets it do.',
    },
    desktops: {
      x11: {
        title: 'Everything works here',
        text: 'This is an X11 session: hotkeys work in every program, and selections are replaced in place. There is nothing to allow.',
      },
      wayland: {
        title: 'On Wayland results are copied',
        text: 'Wayland lets no program paste into another. Potter reads the selection and puts the result on the clipboard, for you to paste.',
      },
      native: {
        title: 'Not on this system yet',
        text: 'Selections cannot be read on this system yet. Texts can be pasted into the panel.',
      },
      none: {
        title: 'Selections cannot be reached from here',
        text: 'Paste texts into the panel, or give them to the command line on standard input.',
      },
    },
    provider: {
      name: 'Model',
      title: 'Choose who answers',
      text: 'A program on this machine is found by itself while it runs. A vendor needs a key, which is tried out as soon as it is saved. Without either, Proofread (offline) and the local commands work already.',
      other: 'Any other server',
    },
    hotkeys: {
      name: 'Hotkeys',
      title: 'Two hotkeys to remember',
      text: 'One runs the current action on what is selected, the other lets you choose the action first.',
      press: 'Press it now',
      heard: 'Potter heard you',
      heardText: 'The hotkey works.',
    },
    practice: {
      name: 'Practice',
      title: 'Try it',
      text: 'Run the action on this text, look at what changed, take it over with Enter, and put the original back. Nothing is written anywhere else.',
      label: 'A text to practise on',
      sample: 'This is a example of an sentence with bad grammar. I definately recieve alot of them.',
      hotkey: 'Or select the text and press {{keys}}.',
      accept: 'Take it over',
      accepted:
        'That is all. In other programs the text is replaced where it stands, and can be put back in the same way.',
      restore: 'Put the original back',
    },
    habits: {
      name: 'Habits',
      title: 'As you like it',
      text: 'Everything here can be changed later.',
      later: 'The introduction can be opened again under About.',
    },
  },
};
