#!/usr/bin/env node

/**
 * The program `holdfast`. It loads the rest only once it runs, so that a Node.js that is too old is told so in one line
 * and not with the stack of an import that failed.
 */
try {
  const { main } = await import('./main.ts');
  await main(process.argv.slice(2));
} catch (error) {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  process.stderr.write(`holdfast: ${code === 'HOLDFAST_ERR_NODE_VERSION' ? message : stack}\n`);
  process.exitCode = 1;
}

export {};
