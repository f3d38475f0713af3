import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface AlarmShape {
  /** Construct id, PascalCase. */
  readonly id: string;
  readonly metric: IMetric;
  readonly when: 'at least' | 'less than';
  readonly threshold: number;
  /** Periods in a row before anybody is told. */
  readonly periods: number;
  /** What no data means: that nothing happened, or that whoever measures is dead. */
  readonly silence: 'fine' | 'alarming';
  /** What somebody loses. Printed in the alarm. */
  readonly errorImpact: string;
  /** Anchor of the section in RUNBOOK.md. */
  readonly section: string;
  /** Whether it is part of the one alarm to page on; others can wait until morning. */
  readonly pages: boolean;
}

/**
 * Steward's alarms. Each says what is lost and which page of the runbook to open; one composite alarm stands for those
 * that should wake somebody.
 */
export class AlarmSet extends Construct {
  readonly all: Alarm[] = [];
  private readonly paging: Alarm[] = [];
  private readonly topic: ITopic;
  private readonly runbook: string;

  constructor(scope: Construct, id: string, props: { readonly topic: ITopic; readonly runbook: string }) {
    super(scope, id);
    this.topic = props.topic;
    this.runbook = props.runbook;
  }

  add(shape: AlarmShape): Alarm {
    const alarm = new Alarm(this, shape.id, {
      metric: shape.metric,
      comparisonOperator:
        shape.when === 'at least'
          ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
          : ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: shape.threshold,
      evaluationPeriods: shape.periods,
      treatMissingData: shape.silence === 'alarming' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${shape.errorImpact} Runbook: ${this.runbook}#${shape.section}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.all.push(alarm);
    if (shape.pages) this.paging.push(alarm);
    return alarm;
  }

  /** The one alarm to page on: any of those marked so. Call it last. */
  addPage(pageTopic: ITopic): CompositeAlarm {
    const page = new CompositeAlarm(this, 'Page', {
      alarmRule: AlarmRule.anyOf(...this.paging),
      alarmDescription: `Something is being lost now and needs a person. Runbook: ${this.runbook}#page`,
    });
    page.addAlarmAction(new SnsAction(pageTopic));
    page.addOkAction(new SnsAction(pageTopic));
    return page;
  }
}
