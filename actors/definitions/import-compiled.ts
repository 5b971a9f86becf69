type Exports = Record<string, unknown>;

/**
 * Imports a module, or what it is compiled to: a compiler that turns `import './domain.ts'` into `'./domain.js'` leaves
 * `new URL('./domain.ts', import.meta.url)` as it is, and only the compiled file is there.
 */
export async function importCompiled(module: string): Promise<Exports> {
  try {
    return await importOf(module);
  } catch (error) {
    const compiled = module.replace(/\.([cm]?)ts(?=$|[?#])/, '.$1js');
    if (compiled === module || !isMissing(error, module)) throw error;
    return importOf(compiled).catch((failure) => {
      throw isMissing(failure, compiled) ? error : failure;
    });
  }
}

function importOf(module: string): Promise<Exports> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ module) as Promise<Exports>;
}

/** Whether it is the module itself that is not there, and nothing that it imports. */
function isMissing(error: unknown, module: string): boolean {
  const { code, url } = (error ?? {}) as { code?: unknown; url?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' && url === module;
}
