import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@kaito/kube';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WalkthroughError } from '../error.ts';
import { type Running, type Terminal, TerminalEnded, openTerminal } from './terminal.ts';

let directory: string;
let terminal: Terminal;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'terminal-'));
  terminal = open(process.env['PATH']!);
});

afterEach(async () => {
  await terminal.end();
  rmSync(directory, { recursive: true });
});

function open(path: string): Terminal {
  const variables = { PATH: path, TERM: 'xterm-256color', LANG: 'C.UTF-8', HOME: directory };
  return openTerminal({ directory, variables, clock: systemClock });
}

/** The line in a file, once it is there. */
async function written(name: string): Promise<string> {
  for (;;) {
    const file = join(directory, name);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.endsWith('\n')) return text.trim();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Of a process; empty of one that has ended, even where its parent has not taken notice. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Those with this working directory. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  });
}

/** Resolves when the screen shows what is looked for; a test's own deadline bounds it. */
function shows(running: Running, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const stop = running.onQuiet(() => {
      const text = running.screen();
      if (!pattern.test(text)) return;
      stop();
      resolve(text);
    });
  });
}

test('variables live on, programs have the terminal, and each end has its status', async () => {
  expect(await terminal.run('A=one; export B=two').finished).toEqual({ status: 0, output: '' });
  expect(
    await terminal.run(`bash -c 'echo $B; stty size; tty; [[ -t 0 && -t 1 && -t 2 ]]'; echo $? $A`).finished,
  ).toEqual({
    status: 0,
    output: expect.stringMatching(/^two\n50 180\n\/dev\/pts\/\d+\n0 one$/),
  });
  expect(await terminal.run('(exit 7)').finished).toEqual({ status: 7, output: '' });
});

test('a here-document, several lines, and quotes arrive as they are', async () => {
  await terminal.run(`cat <<EOF >f\na: "$((1 + 1))" 'x'\n\n\\$HOME\nEOF`).finished;
  expect(readFileSync(join(directory, 'f'), 'utf8')).toBe(`a: "2" 'x'\n\n$HOME\n`);
});

test('lines are told as they come, as they were last seen', async () => {
  const lines: string[] = [];
  const command = String.raw`printf '10%%\r20%%\n\e[31mred\e[0m\n'; printf '%200s|\n' x; printf end`;
  const { output } = await terminal.run(command, (line) => lines.push(line)).finished;
  expect(lines).toEqual(['20%', 'red', `${'x'.padStart(200)}|`, 'end']);
  expect(output).toBe(lines.join('\n'));
});

test('Ctrl-C ends the program and not the shell', async () => {
  await terminal.run('A=kept').finished;
  const running = terminal.run('echo started; sleep 1000');
  await shows(running, /started/);
  running.interrupt();
  expect(await running.finished).toEqual({ status: 130, output: 'started\n^C' });
  expect(await terminal.run('echo $A').finished).toEqual({ status: 0, output: 'kept' });
});

test('a program that takes the whole screen is seen there, and leaves the output empty', async () => {
  const running = terminal.run('watch -n 1 "echo seen; seq 3"');
  expect(await shows(running, /seen/)).toMatch(/^Every 1\.0s: echo seen; seq 3 .*\n\nseen\n1\n2\n3$/);
  running.interrupt();
  expect(await running.finished).toEqual({ status: 0, output: '' });
});

test('a program that asks is answered', async () => {
  const running = terminal.run('read -r -p "name? " name; echo "hello $name"');
  await shows(running, /name\?$/m);
  running.type('Inigo\n');
  expect((await running.finished).output).toBe('name? Inigo\nhello Inigo');
});

test('the end of a terminal takes with it what runs in it, also what does not listen', async () => {
  const running = terminal.run(`trap '' HUP; sh -c 'echo $$ >pid; exec sleep 1000' & wait`);
  const ended = expect(running.finished).rejects.toThrow(TerminalEnded);
  const pid = await written('pid');
  await terminal.end();
  await ended;
  // A signal takes its time.
  while (commandLine(pid) !== '') await new Promise((resolve) => setImmediate(resolve));
  expect(commandLine(pid)).toBe('');
});

test('a terminal that ends at once, with a command typed already, leaves nothing of it', async () => {
  const several = Array.from({ length: 10 }, () => open(process.env['PATH']!));
  await Promise.all(
    several.map(async (each, index) => {
      const ended = expect(each.run('sleep 1000').finished).rejects.toThrow(TerminalEnded);
      // At ten moments of its start.
      for (let turn = 0; turn < index * 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await each.end();
      await ended;
    }),
  );
  await terminal.end();
  // A shell that is left without commands ends by itself.
  while (processesIn(directory).length > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(processesIn(directory)).toEqual([]);
});

test('a terminal hangs up when its process is killed', async () => {
  const program = `
    const { openTerminal } = await import(${JSON.stringify(new URL('terminal.ts', import.meta.url).href)});
    const { systemClock } = await import('@kaito/kube');
    const variables = { PATH: process.env.PATH, TERM: 'xterm-256color' };
    openTerminal({ directory: ${JSON.stringify(directory)}, variables, clock: systemClock }).run('echo $$ >pid; sleep 1000');`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const pid = await written('pid');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  while (commandLine(pid) !== '') await new Promise((resolve) => setImmediate(resolve));
  await terminal.end();
  expect(processesIn(directory)).toEqual([]);
});

test('a shell that is left ends the terminal', async () => {
  await expect(terminal.run('exit 3').finished).rejects.toThrow(TerminalEnded);
});

test('a machine without script is told what it lacks', async () => {
  const without = open(directory);
  await expect(without.run('true').finished).rejects.toThrow(
    expect.objectContaining({ code: 'NoTerminal', name: WalkthroughError.name }),
  );
  await without.end();
});
