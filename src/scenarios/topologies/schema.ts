// The form of a topology that comes from a user's module.
import { z } from 'zod';
import { LOCAL, UNREACHABLE } from '../../model/topology.ts';

export const topologySchema = z.object({
  name: z.string().max(200),
  nodes: z
    .array(
      z.object({ id: z.int().min(0).max(1023), cpus: z.array(z.int().min(0)), memoryMiB: z.number().min(0) }),
    )
    .min(1)
    .max(64),
  distances: z.array(z.array(z.int().min(LOCAL).max(UNREACHABLE))),
  warnings: z.array(z.string()),
});
