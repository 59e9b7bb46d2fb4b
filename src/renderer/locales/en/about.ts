/** The about panel. */
export const about = {
  about: {
    title: 'About Potter',
    text: 'Select text in any program, press a hotkey, and the text is rewritten in place.',
    version: 'Version',
    platform: 'System',
    runtime: 'Runs on',
    data: 'Data folder',
    copyData: 'Copy the path',
    desktop: 'This desktop',
    desktops: {
      x11: 'X11: hotkeys, and replacing the selection',
      wayland: 'Wayland: selections are read, results are copied',
      native: 'Selections cannot be read on this system yet',
      none: 'No desktop: the panels and the command line',
    },
    program: 'This program',
    privacy: 'What leaves this computer',
    privacyPoints: {
      texts:
        'A text you run an action on goes to the provider of its model, and to nobody else. “What would be sent” in the editor of an action shows it to the letter.',
      keys: 'A key goes to the host it was set for.',
      local: 'Local commands and Proofread (offline) send nothing.',
      telemetry: 'There is no telemetry, and nothing listens to other computers.',
    },
    licence: 'Licence',
    licenceText: 'MIT. It may be used, changed and passed on by everybody; it comes without warranty.',
    welcome: 'Introduction',
    welcomeText: 'What Potter does, set up and tried in two minutes.',
    openWelcome: 'Open again',
    report: 'Report a bug',
    reportText: 'What helps to understand it. It holds no texts and no keys.',
    copyReport: 'Copy the details',
    reading: 'Asking Potter…',
  },
};
