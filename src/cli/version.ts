// Name and version, from the package itself.
import { readFileSync } from 'node:fs';

const here = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json';
const { name, version } = JSON.parse(readFileSync(new URL(here, import.meta.url), 'utf8')) as { name: string; version: string };

export const VERSION = version;
export const TOOL = `${name} ${version}`;
