// Short ways to write a constant with its unit and origin, so that a profile reads as a table.

import type { Sourced } from '../../model/cost.ts';

export const ns = (value: number, source: string): Sourced => ({ value, unit: 'ns', source });
export const us = (value: number, source: string): Sourced => ({ value: value * 1000, unit: 'ns', source });
export const ratio = (value: number, source: string): Sourced => ({ value, unit: 'ratio', source });
export const MBps = (value: number, source: string): Sourced => ({ value, unit: 'MB/s', source });
export const perSecond = (value: number, source: string): Sourced => ({ value, unit: '1/s', source });
