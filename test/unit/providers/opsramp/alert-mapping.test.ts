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
    [{ status: 'Suppressed' }, 'suppressed'],
    [{ status: 'Ignored' }, 'suppressed'],
    [{ status: ' Ignore ' }, 'suppressed'],
    [{ status: 'Purged' }, 'resolved'],
    [{ status: 'Acknowledged' }, 'acknowledged'],
    [{ status: 'Ticketed' }, 'acknowledged'],
    [{ ticketed: true }, 'acknowledged'],
    [{ acknowledged: 'false' }, 'open'],
    [{ status: null }, 'open'],
    [{ status: '' }, 'open'],
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

  it('compares the states in one letter case, without what stands for none', () => {
    expect(toAlert(raw)?.significant).toEqual({
      currentState: 'CRITICAL',
      status: 'NEW',
      acknowledged: false,
      suppressed: false,
      permanentlySuppressed: false,
      closed: false,
      ticketed: false,
      priority: '',
    });
    expect(toAlert({ uniqueId: '1', currentState: 'Ok' })?.significant).toMatchObject({ status: '', priority: '' });
  });

  it('tells a reader everything that the vendor says of it, and nothing that is empty', () => {
    const told = {
      description: 'd',
      currentState: 'Critical',
      oldState: 'Ok',
      status: 'New',
      priority: 'P1',
      alertType: 'Monitoring',
      eventType: 'ALERT',
      app: 'OPSRAMP',
      serviceName: 's',
      metric: 'm',
      component: 'c',
      problemArea: 'pa',
      repeatCount: 0,
      incidentId: 'INC1',
      clientUniqueId: 'client_1',
      tenantName: 'Acme',
      inferenceId: 5,
      createdDate: '2016-07-24T10:40:47+0000',
      updatedTime: '2016-07-24T10:40:50+0000',
      statusHistory: { acknowledgedBy: 'a' },
    };
    const device = { id: 'r1', name: 'n', ipAddress: '192.0.2.1', resourceType: 'Linux' };
    const alert = toAlert({
      uniqueId: '1',
      ...told,
      device: { ...device, hostName: 'h' },
      resource: { name: 'other', type: 'RESOURCE' },
    });
    expect(alert?.details).toEqual({ ...told, resource: { ...device, type: 'RESOURCE' } });
    const bare = { uniqueId: '1', currentState: 'Ok', description: '', device: { id: '', name: 7, type: null } };
    expect(toAlert(bare)?.details).toEqual({ currentState: 'Ok' });
  });

  it.each([
    [{ device: { hostName: ' h ', name: 'n' } }, 'h'],
    [{ device: { name: 'n', ipAddress: 'i' }, resource: { hostName: 'rh' } }, 'n'],
    [{ resource: { hostName: 'rh', name: 'rn' } }, 'rh'],
    [{ resource: { name: 'rn', resourceName: 'rrn' } }, 'rn'],
    [{ resource: { resourceName: 'rrn' }, device: { ipAddress: 'i' } }, 'rrn'],
    [{ device: { ipAddress: 'i' }, resource: { ipAddress: 'ri' } }, 'i'],
    [{ resource: { ipAddress: 'ri' }, component: 'c' }, 'ri'],
    [{ component: 'c', tenantName: 't' }, 'c'],
    [{ component: ' ', tenantName: 't' }, 't'],
    [{ device: [], resource: 'text' }, 'unknown'],
    [{ device: null }, 'unknown'],
  ])('names of %j what it is about: %s', (item, resource) => {
    expect(toAlert({ uniqueId: '1', currentState: 'Ok', ...item })?.resource).toBe(resource);
  });

  it.each([
    [{ createdDate: '2016-07-24T10:00:00Z', createdTime: '2016-07-24T11:00:00Z' }, '2016-07-24T10:00:00.000Z'],
    [{ createdTime: '2016-07-24T11:00:00Z', alertTime: '2016-07-24T12:00:00Z' }, '2016-07-24T11:00:00.000Z'],
    [{ createdDate: '', alertTime: '2016-07-24T12:00:00Z' }, '2016-07-24T12:00:00.000Z'],
  ])('dates it by %j', (item, raisedAt) => {
    expect(toAlert({ uniqueId: '1', currentState: 'Ok', ...item })?.raisedAt?.toISOString()).toBe(raisedAt);
  });

  it('takes what has neither dates nor a subject', () => {
    expect(toAlert({ uniqueId: '1', currentState: 'ok', oldState: ' ' })).toMatchObject({
      severity: 'info',
      title: 'Alert 1',
    });
    expect(toAlert({ uniqueId: '1', currentState: 'ok', oldState: 'Warning' })?.severity).toBe('medium');
    expect(toAlert({ uniqueId: '1', currentState: 'Critical', oldState: 'Warning' })?.severity).toBe('critical');
  });

  it('A08 makes nothing of an item without an id or a state', () => {
    expect(toAlert({ currentState: 'Ok' })).toBeUndefined();
    expect(toAlert({ uniqueId: '5' })).toBeUndefined();
    expect(toAlert({ uniqueId: 389547, currentState: 'Ok' })?.id).toBe('389547');
  });
});
