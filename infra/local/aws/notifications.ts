import type { BuildAppOptions } from 'fauxqs';
import { ACCOUNT, REGION } from './account.ts';
import { makePrivateDirectory } from '../files.ts';

/** SNS and SQS on loopback. */
export interface Notifications {
  /** Where both services answer. */
  readonly endpoint: string;
  createTopic(name: string): string;
  /** Lets a topic deliver its raw messages to a queue, which is made where it is not there. */
  subscribeQueue(topic: string, queue: string, filterPolicy?: Readonly<Record<string, unknown>>): void;
  stop(): Promise<void>;
}

type Stores = NonNullable<BuildAppOptions['stores']>;

interface Persistence {
  loadSqsAndSns(sqs: Stores['sqsStore'], sns: Stores['snsStore']): void;
  close(): void;
}

interface FauxqsParts {
  readonly stores: Stores;
  readonly persistence: Persistence;
}

/**
 * Starts fauxqs, put together from its parts: its own `startFauxqs` listens on every interface of the machine, and
 * what is published here is for this machine alone.
 */
export async function startNotifications(directory: string): Promise<Notifications> {
  makePrivateDirectory(directory);
  const [{ buildApp }, { stores, persistence }] = await Promise.all([import('fauxqs'), parts(directory)]);
  const { sqsStore, snsStore } = stores;
  const app = buildApp({ logger: false, defaultRegion: REGION, stores });
  app.addHook('preClose', (done: () => void) => {
    persistence.close();
    done();
  });
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    endpoint,
    createTopic(name) {
      snsStore.createTopic(name, undefined, undefined, REGION);
      return topicArn(name);
    },
    subscribeQueue(topic, queue, filterPolicy) {
      const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${queue}`;
      if (!sqsStore.getQueueByName(queue)) sqsStore.createQueue(queue, `${endpoint}/${ACCOUNT}/${queue}`, arn);
      snsStore.subscribe(topicArn(topic), 'sqs', arn, {
        RawMessageDelivery: 'true',
        ...(filterPolicy === undefined ? {} : { FilterPolicy: JSON.stringify(filterPolicy) }),
      });
    },
    async stop() {
      await app.close();
    },
  };
}

function topicArn(name: string): string {
  return `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
}

/** The parts that the package does not export: its stores, and the persistence that fills and follows them. */
async function parts(directory: string): Promise<FauxqsParts> {
  const part = (path: string) => import(new URL(path, import.meta.resolve('fauxqs')).href) as Promise<unknown>;
  const [sqs, sns, s3, saved] = (await Promise.all([
    part('sqs/sqsStore.js'),
    part('sns/snsStore.js'),
    part('s3/s3Store.js'),
    part('persistence.js'),
  ])) as [
    { SqsStore: new () => Stores['sqsStore'] },
    { SnsStore: new () => Stores['snsStore'] },
    { S3Store: new () => Stores['s3Store'] },
    { PersistenceManager: new (directory: string) => Persistence },
  ];
  const stores: Stores = { sqsStore: new sqs.SqsStore(), snsStore: new sns.SnsStore(), s3Store: new s3.S3Store() };
  const persistence = new saved.PersistenceManager(directory);
  // Filled before the stores are told to write, as the package does: writing while loading would delete what it reads.
  persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  const follow = (store: object) => Object.assign(store, { persistence });
  follow(stores.sqsStore);
  follow(stores.snsStore);
  for (const queue of stores.sqsStore.allQueues()) follow(queue);
  return { stores, persistence };
}
