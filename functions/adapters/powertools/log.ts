import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '../../core/log.ts';

/** The log of one function: JSON lines, `event` first, fields beside it. */
export function createLog(service: string): Log {
  const logger = new Logger({ serviceName: service, logLevel: 'INFO' });
  return {
    info: (event, fields = {}) => logger.info(event, fields),
    warn: (event, fields = {}) => logger.warn(event, fields),
    error: (event, fields = {}) => logger.error(event, fields),
  };
}
