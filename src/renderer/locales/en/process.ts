/** What joins the process panel besides its own sentences: instructions, chains, and writing the result back. */
export const task = {
  task: {
    instruction: 'What to do with the text',
    instructionPlaceholder: 'Say what to do with the text, such as: turn it into a polite refusal',
    steps: 'Steps of the chain',
    step: 'step {{number, number}}: {{name}}',
    selection: 'Selection from {{application}}',
    selectionUnknown: 'Selection',
    insert: 'Insert there',
    inserted: 'Inserted',
    insertedText: 'The window the text came from now holds the reviewed text.',
    copied: 'Copied',
    copiedText: 'That window could not take it: the text is on the clipboard instead.',
    restore: 'Put the original back',
    restored: 'The original is back',
    restoredText: 'The window holds your text as it was.',
    restoredCopied: 'The original is copied',
    restoredCopiedText:
      'The window no longer holds the result, so it was left alone: the original is on the clipboard.',
    failed: 'Nothing was written.',
  },
};
