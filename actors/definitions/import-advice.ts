/** What to do about a module that Node.js could not import, by what it says of it. Bundlers and test runners may take it. */
export function importAdvice(thrown: unknown): string {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown };
  if (/_TYPESCRIPT_SYNTAX$/.test(String(code))) {
    return (
      'Node.js only strips types: do without enums, namespaces and parameter properties (`erasableSyntaxOnly` of TypeScript ' +
      'finds them), or give `modules` what the module is compiled to.'
    );
  }
  if (/_MODULE_NOT_FOUND$|_DIR_IMPORT$|_FILE_EXTENSION$/.test(String(code))) {
    return (
      'Host threads import as Node.js does, from a file that is there, by its whole name such as ./domain.ts, and without path ' +
      'aliases; `imports` of package.json may name folders.'
    );
  }
  if (/does not provide an export/.test(String(message)))
    return 'If it is a type, import it by `import type`: `verbatimModuleSyntax` of TypeScript finds those.';
  return 'Give `modules` URLs of modules that only define, such as new URL("./domain.ts", import.meta.url).';
}
