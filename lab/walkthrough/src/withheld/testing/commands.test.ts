import { expect, test } from 'vitest';
import { commandIn } from './commands.ts';

test.each([
  ['az aks update -n kaito --attach-acr a', 'attach it: az aks update -n kaito --attach-acr a; or make a Secret'],
  ['az aks update --ids "$(az aks list --query [].id)"', 'az aks update --ids "$(az aks list --query [].id)"'],
  ['az aks update -n kaito', 'az aks update -n kaito (it takes up to 10 minutes)'],
])('%s is the command', (command, remedy) => {
  expect(commandIn(remedy, 'az aks update')).toBe(command);
});

test('none is an error with what there is', () => {
  expect(() => commandIn('wait', 'az')).toThrow('there is no "az" in: wait');
});
