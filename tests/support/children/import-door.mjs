// Usage: import-door.mjs SPECIFIER... Prints for each the code of the error, or that there was none.
for (const specifier of process.argv.slice(2)) {
  try {
    await import(specifier);
    console.log('imported');
  } catch (error) {
    console.log(error.code ?? String(error));
  }
}
