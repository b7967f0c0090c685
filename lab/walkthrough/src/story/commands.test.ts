import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitCommands } from './commands.ts';

const texts = (block: string): string[] => splitCommands(block).map(({ text }) => text);

test.each([
  ['a comment above', '# why\n#  and how\n\necho a', ['echo a']],
  ['continued lines', 'az x \\\n-g "$A" \\\n-n b\necho', ['az x \\\n-g "$A" \\\n-n b', 'echo']],
  ['a comment that ends with a backslash', 'echo a # b \\\necho c', ['echo a # b \\', 'echo c']],
  [
    'a here-document',
    'cat <<EOF >f\na: "$B\n\n# no comment\nEOF\necho',
    ['cat <<EOF >f\na: "$B\n\n# no comment\nEOF', 'echo'],
  ],
  ['two here-documents', 'cat <<A <<B\n1\nA\n2\nB', ['cat <<A <<B\n1\nA\n2\nB']],
  ['quotes over lines', `echo 'a\nb' "c\nd"\ntrue`, [`echo 'a\nb' "c\nd"`, 'true']],
  [
    'a loop',
    'for a in 1 2\ndo\n  echo $a\ndone\nA=$(\necho 1\n)',
    ['for a in 1 2\ndo\n  echo $a\ndone', 'A=$(\necho 1\n)'],
  ],
  ['pipes and lists', 'a |\nb\nc &&\nd', ['a |\nb', 'c &&\nd']],
  ['a last line that is to be continued by nothing', 'echo a\necho b &', ['echo a', 'echo b &']],
])('%s', (_, block, expected) => {
  expect(texts(block)).toEqual(expected);
});

test('the comment above a command comes with it', () => {
  expect(splitCommands('# OPTIONAL: one\n# two\na\nb')).toEqual([
    { text: 'a', comment: 'OPTIONAL: one\ntwo' },
    { text: 'b', comment: '' },
  ]);
});

test.each(['echo "a\necho b', 'cat <<EOF\nb', 'if true\nthen', 'echo )'])('%j is refused: it never ends', (block) => {
  expect(() => splitCommands(block)).toThrow(expect.objectContaining({ code: 'NotBash' }));
});

test('commands of any words come back as they were', () => {
  const word = fc
    .stringMatching(/^[a-z][a-z0-9./-]{0,6}$/)
    .filter(
      (text) =>
        !/^(?:if|do|in|fi|for|case|done|then|else|elif|esac|while|until|select|time|function|coproc)$/.test(text),
    );
  const argument = fc.oneof(
    word,
    word.map((text) => `"${text}\n${text}"`),
    word.map((text) => `\\\n${text}`),
  );
  const command = fc.tuple(word, fc.array(argument, { maxLength: 3 })).map(([name, rest]) => [name, ...rest].join(' '));
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 3 }), (commands) => {
      expect(texts(commands.join('\n'))).toEqual(commands);
    }),
    { numRuns: 20 },
  );
});
