// A model by the module that makes it: threads do not share functions, so each makes its own copy.
import type { Explorable } from './explorable.ts';
import { System } from './system.ts';

export interface ModelSource {
  /** URL of the module. */
  url: string;
  /** Name of the exported function that makes the model; `default` by default. */
  make?: string;
  /** What it is given, structured-cloneable. */
  with?: readonly unknown[];
}

export async function loadModel({
  url,
  make = 'default',
  with: values = [],
}: ModelSource): Promise<System | Explorable> {
  const module = (await import(url)) as Record<string, unknown>;
  const maker = module[make];
  if (typeof maker !== 'function')
    throw new Error(`${url}: expected a function exported as ${make}, saw ${typeof maker}`);
  return (maker as (...values: readonly unknown[]) => System | Explorable | Promise<Explorable>)(...values);
}
