// Whether the program runs from its sources, as in a checkout, or compiled, as in a package: what is shown to a reader exists there.

export const isCheckout = import.meta.url.endsWith('.ts');

/** A source file of ours, by the path that it has where the reader is. */
export const sourceAt = (file: string): string => at(file, '.js');
/** One that is read for its types: compiled, it is empty. */
export const typesAt = (file: string): string => at(file, '.d.ts');

function at(file: string, compiled: string): string {
  return isCheckout ? file : `copyless/dist/${file.replace(/\.ts$/, compiled)}`;
}
