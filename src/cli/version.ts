// Name and version, from the package itself.
import { readFileSync } from 'node:fs';
import { PACKAGE_ROOT } from './package-root.ts';

const { name, version } = JSON.parse(readFileSync(new URL('package.json', PACKAGE_ROOT), 'utf8')) as {
  name: string;
  version: string;
};

export const VERSION = version;
export const TOOL = `${name} ${version}`;
