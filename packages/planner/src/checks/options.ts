import type { Check } from '../draft.ts';

/** Least and most that the server takes. */
const leastContext = 16;
const mostParallel = 256;

/** What the options ask must be numbers that the model and its server can have. */
export const optionsPossible: Check = ({ options, model }, notes) => {
  const { contextLength, parallel } = options;
  const { entry } = model;
  const trained = entry.architecture.contextLength;
  if (contextLength !== undefined) {
    if (!Number.isSafeInteger(contextLength) || contextLength < leastContext) {
      notes.error(
        'InvalidOption',
        '',
        `A context of ${contextLength} tokens is impossible.`,
        `Ask for a whole number from ${leastContext} to ${trained}.`,
      );
    } else if (contextLength > trained) {
      notes.error(
        'ContextTooLong',
        '',
        `A context of ${contextLength} tokens was asked for, but ${entry.name} was trained with ${trained}.`,
        `Ask for at most ${trained}.`,
      );
    }
  }
  if (parallel === undefined) return;
  if (!Number.isSafeInteger(parallel) || parallel < 1 || parallel > mostParallel) {
    notes.error(
      'InvalidOption',
      '',
      `${parallel} requests at once are impossible.`,
      `Ask for a whole number from 1 to ${mostParallel}.`,
    );
  } else if (entry.kind === 'image' && entry.launch.modelFlags['max_batch_size'] === undefined) {
    notes.warning(
      'OptionIgnored',
      '',
      `${parallel} requests at once were asked for, but the server of ${entry.name} answers one at a time.`,
    );
  }
};

/** A context shorter than the model's own is said, with who holds it. */
export const contextBounded: Check = ({ fit, model, hardware }, notes) => {
  if (fit === undefined || fit.account.fits === false) return;
  const { wish, load } = fit;
  const { entry } = model;
  if (load.contextLength < wish.contextLength) {
    const holder =
      entry.kind === 'gguf' || 'max_seq_len' in entry.launch.modelFlags
        ? 'The server refuses longer requests.'
        : 'Its server does not hold this bound: longer requests may run out of memory.';
    notes.info(
      'ContextBounded',
      'inference.preset.name',
      `The context is bounded to ${load.contextLength} of ${wish.contextLength} tokens, which is what ${hardware?.label ?? 'the hardware'} has memory for. ${holder}`,
      entry.kind === 'gguf'
        ? 'Ask for fewer requests at once or a smaller quantisation, or choose more memory.'
        : 'Choose a machine type with more GPU memory for longer requests.',
    );
  }
  notes.decide(
    'context',
    `${load.contextLength} tokens`,
    wish.contextFixed
      ? 'it was asked for'
      : load.contextLength < wish.contextLength
        ? `more does not fit ${hardware?.label ?? 'the hardware'}; the model was trained with ${entry.architecture.contextLength}`
        : load.contextLength < entry.architecture.contextLength
          ? `it is the usual one here; the model was trained with ${entry.architecture.contextLength}`
          : 'the model was trained with it, and it fits',
  );
  if (entry.kind === 'gguf') {
    notes.decide(
      'parallel',
      `${load.parallel}`,
      wish.parallelFixed ? 'it was asked for' : 'so many requests at once suit the cores and fit the memory',
    );
  }
};
