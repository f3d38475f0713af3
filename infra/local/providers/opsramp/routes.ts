import type { AlertAction, AlertBook } from './alert-book.ts';
import type { Lists } from './lists.ts';
import type { Bucket } from './rate-limiter.ts';
import { refusal, type SimulatedRequest, type SimulatedResponse } from './wire.ts';

/** Where answers come from. */
interface Rooms {
  readonly alerts: AlertBook;
  readonly lists: Lists;
}

/** One operation of the API, and which limit it counts against. */
interface Route {
  readonly name: string;
  readonly bucket: Bucket;
  answer(rooms: Rooms, request: SimulatedRequest, now: number): SimulatedResponse;
}

function page(category: Bucket['category']): Bucket {
  return { category, kind: 'page' };
}

function read(category: Bucket['category']): Bucket {
  return { category, kind: 'read' };
}

const SEARCHES: Readonly<Record<string, Route>> = {
  'alerts/search': {
    name: 'alerts/search',
    bucket: page('alerts'),
    answer: ({ alerts }, { url }, now) => alerts.search(url, now),
  },
  'resources/search': {
    name: 'resources/search',
    bucket: page('devices'),
    answer: ({ lists }, { url }) => lists.resources(url),
  },
  'resources/patches': {
    name: 'resources/patches',
    bucket: page('other'),
    answer: ({ lists }, { url }) => lists.patches(url),
  },
  'incidents/search': {
    name: 'incidents/search',
    bucket: page('tickets'),
    answer: ({ lists }, { url }, now) => lists.incidents(url, now),
  },
  'patches/compliance': {
    name: 'patches/compliance',
    bucket: page('other'),
    answer: ({ lists }, { url }) => lists.compliances(url),
  },
};

const ACTIONS: readonly string[] = ['acknowledge', 'suppress', 'close', 'unAcknowledge', 'unSuppress', 'heal'];

/** The operation for a path below the tenant's, or `undefined`. */
export function findRoute(method: string, path: string): Route | undefined {
  const [first = '', second = '', third = '', fourth = ''] = path.split('/').map(decodeURIComponent);
  if (method === 'POST') return postRoute(first, second, third, fourth);
  if (method !== 'GET') return undefined;
  const exact = SEARCHES[path];
  if (exact !== undefined) return exact;
  if (first === 'patches' && second === 'compliance' && fourth === 'devices') {
    const answer: Route['answer'] = ({ lists }, { url }) => lists.complianceDevices(third, url);
    return { name: 'patches/compliance/devices', bucket: page('other'), answer };
  }
  if (first === 'alerts' && third === 'comments') {
    const answer: Route['answer'] = ({ alerts }, { url }, now) => alerts.comments(second, url, now);
    return { name: 'alerts/comments', bucket: page('alerts'), answer };
  }
  if (first === 'alerts' && third === '') {
    return {
      name: 'alerts/single',
      bucket: read('alerts'),
      answer: ({ alerts }, _request, now) => alerts.single(second, now),
    };
  }
  if (first === 'alertStatusHistory') {
    return { name: 'alertStatusHistory', bucket: read('alerts'), answer: ({ alerts }) => alerts.statusHistory(second) };
  }
  if (first === 'resources' && third === '') {
    return { name: 'resources/single', bucket: read('devices'), answer: ({ lists }) => lists.resource(second) };
  }
  if (first === 'incidents' && third === '') {
    return { name: 'incidents/single', bucket: read('tickets'), answer: ({ lists }) => lists.incident(second) };
  }
  return undefined;
}

function postRoute(first: string, id: string, third: string, action: string): Route | undefined {
  if (first !== 'alerts' || third !== 'actions') return undefined;
  return {
    name: 'alerts/actions',
    bucket: { category: 'alerts', kind: 'write' },
    answer({ alerts }, { body }, now) {
      if (!ACTIONS.includes(action)) return refusal(500, 'Invalid action');
      alerts.act(id, action as AlertAction, now, descriptionOf(body));
      // The real one answers 200 with nothing, or with text.
      return { status: 200, headers: {}, body: '' };
    },
  };
}

function descriptionOf(body: string): string | undefined {
  try {
    const { description } = JSON.parse(body) as { description?: unknown };
    return typeof description === 'string' ? description : undefined;
  } catch {
    return undefined;
  }
}
