import { describe, expect, it } from 'vitest';
import { jobFromText, jobToText } from '../../../../functions/core/schedules/job-text.ts';
import { aReportJob, anAlertJob } from '../../../support/report-job.ts';

const AT = new Date('2026-03-10T12:00:00Z');

describe('a job as text', () => {
  it.each([
    ['a report', aReportJob()],
    ['a report with a beginning', aReportJob({ startAt: AT })],
    ['alerts', anAlertJob()],
    ['alerts with maintenance', anAlertJob({ maintenance: [{ from: AT, to: new Date(1e12), reason: 'patch day' }] })],
  ])('comes back as it was: %s', (_title, job) => {
    expect(jobFromText(jobToText(job))).toStrictEqual(job);
  });
});
