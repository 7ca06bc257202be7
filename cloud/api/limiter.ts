export { type Limit, Limiter } from '../limiter.ts';
