import * as z from 'zod';
import { shape } from './shape.ts';

/** What a key may do. `admin` stands for all of them. */
export const SCOPES = [
  'stock:read',
  'stock:write',
  'documents:read',
  'documents:write',
  'masterdata:write',
  'nodes:admin',
  'keys:admin',
  'log:read',
  'log:export',
  'log:admin',
] as const;

export type Scope = (typeof SCOPES)[number];
export type Granted = Scope | 'admin';

export const granted = shape('Scope', z.enum([...SCOPES, 'admin']));
