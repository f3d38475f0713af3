// `npm run audit`: asks the registry for advisories on what is deployed, and how old the versions are that package.json
// names. Says what it could not learn; ends with 1 when something was found.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeAge, judgeAudit, MINIMUM_AGE_DAYS, type Verdict } from './judge-registry.ts';

const ROOT = join(import.meta.dirname, '../..');
const npm = (...args: readonly string[]) => spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).stdout;

const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const ages = Object.entries(dependencies).map(([name, version]) =>
  judgeAge(name, version, npm('view', `${name}@${version}`, 'time', '--json'), new Date()),
);
const told = (verdicts: readonly Verdict[], outcome: Verdict['outcome']) =>
  verdicts.filter((verdict) => verdict.outcome === outcome);

const audit = judgeAudit(npm('audit', '--omit=dev', '--json'));
console.log(audit.text);
console.log(`release age: ${told(ages, 'passed').length} of ${ages.length} are at least ${MINIMUM_AGE_DAYS} days old`);
for (const { text } of [...told(ages, 'skipped'), ...told(ages, 'failed')]) console.log(`  ${text}`);
process.exitCode = told([audit, ...ages], 'failed').length === 0 ? 0 : 1;
