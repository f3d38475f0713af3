import { describe, expect, it } from 'vitest';
import { canonicalJson, type JsonObject } from '../../../../functions/core/json.ts';
import { toAlert } from '../../../../functions/providers/opsramp/alert-mapping.ts';

/** The vendor's own sample of a single raw alert, shortened. */
const raw: JsonObject = {
  uniqueId: '93',
  subject: 'Disk c:\\ Critical Used 90.31%',
  description: 'Disk c:\\ is critical.',
  currentState: 'Critical',
  oldState: 'Critical',
  serviceName: 'Disk',
  acknowledged: false,
  suppressed: false,
  permanentlySuppressed: false,
  closed: false,
  ticketed: false,
  clientUniqueId: 'client_8',
  alertType: 'Obsolete',
  app: 'OPSRAMP',
  alertTime: '2016-07-24T10:40:47+0000',
  device: { id: '253151d1', name: 'res1', hostName: 'res1', ipAddress: '192.0.2.5', type: 'DEVICE' },
  repeatCount: '2',
  status: 'New',
  priority: 'N/A',
  elapsedTimeString: '64d 59m ',
  createdDate: '2016-07-24T10:40:47+0000',
  updatedTime: '2016-07-24T10:40:50+0000',
  actedTs: 0,
  eventType: 'ALERT',
  inferenceId: 0,
};

/** The vendor's own sample of an inference: no device, no service, healed. */
const inference: JsonObject = {
  uniqueId: '3511',
  subject: 'Inference test',
  currentState: 'Ok',
  oldState: 'Critical',
  alertType: 'MONITORING',
  resource: { name: '2adc3-aiops', type: 'CLIENT', metaData: {} },
  status: 'New',
  priority: 'N/A',
  createdDate: '2018-05-07T12:55:19+0000',
  updatedTime: '2018-05-07T12:55:19+0000',
  eventType: 'INFERENCE',
};

const fingerprint = (item: JsonObject) => canonicalJson(toAlert(item)?.significant ?? {});

describe('toAlert', () => {
  it('says in our words what the alert says', () => {
    expect(toAlert(raw)).toMatchObject({
      id: '93',
      severity: 'critical',
      state: 'open',
      title: 'Disk c:\\ Critical Used 90.31%',
      resource: 'res1',
      raisedAt: new Date('2016-07-24T10:40:47Z'),
      changedAt: new Date('2016-07-24T10:40:50Z'),
      details: { description: 'Disk c:\\ is critical.', repeatCount: '2', resource: { ipAddress: '192.0.2.5' } },
    });
  });

  it('keeps the severity of what was healed, so that who filters on it hears of the end', () => {
    expect(toAlert(inference)).toMatchObject({ state: 'resolved', severity: 'critical', resource: '2adc3-aiops' });
  });

  it.each([
    [{ closed: true }, 'resolved'],
    [{ status: 'Closed' }, 'resolved'],
    [{ currentState: 'OK' }, 'resolved'],
    [{ suppressed: true, acknowledged: true }, 'suppressed'],
    [{ permanentlySuppressed: true }, 'suppressed'],
    [{ status: 'Correlated' }, 'suppressed'],
    [{ ticketed: true, status: 'Ticketed' }, 'acknowledged'],
    [{ acknowledged: 'true' }, 'acknowledged'],
    [{ status: 'Open' }, 'open'],
    [{ status: 'Observed' }, 'open'],
  ])('takes %j as %s', (change, state) => {
    expect(toAlert({ ...raw, ...change })?.state).toBe(state);
  });

  it.each([
    ['Warning', 'medium'],
    ['INFO', 'info'],
    ['Fatal', 'medium'],
  ])('takes %s for %s', (currentState, severity) => {
    expect(toAlert({ ...raw, currentState })?.severity).toBe(severity);
  });

  it.each([
    { updatedTime: '2017-01-01T00:00:00+0000' },
    { elapsedTimeString: '65d ' },
    { healedTimeString: '2h ' },
    { repeatCount: '3' },
    { alertTime: '2017-01-01T00:00:00+0000' },
    { actedTs: 1_448_628_691_167 },
    { subject: 'Disk c:\\ Critical Used 90.35%' },
    { incidentId: 'INC0000000093' },
    { status: 'NEW ' },
    { priority: '' },
  ])('I13 has the same fingerprint after %j', (change) => {
    expect(fingerprint({ ...raw, ...change })).toBe(fingerprint(raw));
  });

  it.each([
    { currentState: 'Warning' },
    { status: 'Ticketed' },
    { acknowledged: true },
    { suppressed: true },
    { permanentlySuppressed: true },
    { closed: true },
    { ticketed: true },
    { priority: 'P1' },
  ])('A19 has another fingerprint after %j', (change) => {
    expect(fingerprint({ ...raw, ...change })).not.toBe(fingerprint(raw));
  });

  it('A08 makes nothing of an item without an id or a state', () => {
    expect(toAlert({ currentState: 'Ok' })).toBeUndefined();
    expect(toAlert({ uniqueId: '5' })).toBeUndefined();
    expect(toAlert({ uniqueId: 389547, currentState: 'Ok' })?.id).toBe('389547');
  });
});
