import type { Logger, LoggerFactory, LogLevel } from '@solid/community-server';
import { BaseLogger } from '@solid/community-server';
import { LevelLoggerFactory } from '../../../src/server/LevelLoggerFactory';

class Collecting extends BaseLogger {
  public constructor(private readonly lines: string[], private readonly label: string) {
    super();
  }

  public log(level: LogLevel, message: string): Logger {
    this.lines.push(`${this.label} ${level} ${message}`);
    return this;
  }
}

describe('A logger with a level', (): void => {
  it.each([
    [ 'warn', [ 'a error 1', 'a warn 2' ]],
    [ 'error', [ 'a error 1' ]],
    [ 'silly', [ 'a error 1', 'a warn 2', 'a info 3', 'a verbose 4', 'a debug 5', 'a silly 6' ]],
  ])('passes on what has at least the level %s, and creates nothing else.', (level, expected): void => {
    const lines: string[] = [];
    const source: LoggerFactory = { createLogger: (label): Logger => new Collecting(lines, label) };
    const logger = new LevelLoggerFactory(source, level).createLogger('a');
    logger.error('1');
    logger.warn('2');
    logger.info('3');
    logger.verbose('4');
    logger.debug('5').silly('6');
    expect(lines).toEqual(expected);
  });
});
