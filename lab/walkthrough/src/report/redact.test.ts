import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test.each([
  ['Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln-_ end', 'Bearer <token> end'],
  ['"accessToken": "abc",', '"accessToken": "<secret>",'],
  ['"password": "p", "name": "n"', '"password": "<secret>", "name": "n"'],
  ['"name": "password2",\n  "value": "p"', '"name": "password2",\n  "value": "<secret>"'],
  ['"clientSecret": "p"', '"clientSecret": "<secret>"'],
  ['"principalId": "11111111-2222-3333-4444-555555555555"', '"principalId": "11111111-2222-3333-4444-555555555555"'],
])('%s', (text, expected) => {
  expect(redact(text)).toBe(expected);
});

test('the home of a run is written as a person writes it', () => {
  const said = 'Merged "kaito" as current context in /tmp/kaito-azure-asKFNh/walkthrough/home/.kube/config';
  expect(redact(said)).toBe('Merged "kaito" as current context in ~/.kube/config');
});
