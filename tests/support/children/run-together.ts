// Usage: run-together.ts FOLDER PROGRAM [ARGUMENT]. Runs a program of this folder twice at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const [folder = '', program = '', ...args] = process.argv.slice(2);
const path = join(import.meta.dirname, program);
const ends = [1, 2].map(() =>
  once(spawn(process.execPath, [path, folder, ...args], { stdio: 'inherit' }), 'exit'),
);
const codes = (await Promise.all(ends)).map(([code]) => code as number | null);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
