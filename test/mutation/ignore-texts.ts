/** The little of a Babel path that is read here. */
interface Path {
  readonly node: Node;
  readonly parentPath: Path | null;
}
interface Node {
  readonly type: string;
  readonly name?: string;
  readonly callee?: Node;
  readonly object?: Node;
  readonly expression?: Node;
  readonly property?: Node;
  readonly arguments?: readonly Node[];
  readonly id?: Node;
  readonly key?: Node;
  readonly value?: Node;
}

const TEXT = /^(StringLiteral|TemplateLiteral|BinaryExpression)$/;

/** The text in `new SomethingError('text', …)`: for people; the class and its code are what others match. */
function isErrorText({ node, parentPath }: Path): boolean {
  const call = parentPath?.node;
  if (call?.type !== 'NewExpression' || call.callee?.name?.endsWith('Error') !== true) return false;
  return call.arguments?.includes(node) === true && TEXT.test(node.type);
}

/** `summary: 'a sentence'`, `title: …`: what a person reads in a mail, on a page, in a list or in a manifest. */
function isSentence({ node, parentPath }: Path): boolean {
  const property = parentPath?.node;
  if (property?.type !== 'ObjectProperty' || property.value !== node) return false;
  return /^(summary|title|text|snapshotReason)$/.test(property.key?.name ?? '') && TEXT.test(node.type);
}

const SCHEMA_RULE = /^(check|integer|m(ax|in)(Length|Value)|picklist|regex|union|url)$/;

/** `v.minLength(1, 'at least one')`: what a schema says to people, beside the field that it names. */
function isRuleMessage({ node, parentPath }: Path): boolean {
  const call = parentPath?.node;
  if (call?.type !== 'CallExpression' || !TEXT.test(node.type)) return false;
  const rule = call.callee?.object?.name === 'v' ? call.callee.property?.name : undefined;
  if (rule === undefined || !SCHEMA_RULE.test(rule)) return false;
  return call.arguments !== undefined && call.arguments.length > 1 && call.arguments.at(-1) === node;
}

/** The style sheet of our own pages: browsers judge it (test/browser). */
const isStyleSheet = ({ node }: Path) => node.type === 'VariableDeclarator' && /(^|_)STYLE$/.test(node.id?.name ?? '');

/** `log.warn('event', { … })`, `run.log.info(…)`: a line for people. */
function isLogCall(node: Node): boolean {
  if (node.type === 'ExpressionStatement' && node.expression !== undefined) return isLogCall(node.expression);
  if (node.type !== 'CallExpression' || node.callee?.type !== 'MemberExpression') return false;
  const { object, property } = node.callee;
  const logger = object?.type === 'MemberExpression' ? object.property?.name : object?.name;
  return logger === 'log' && /^(info|warn|error)$/.test(property?.name ?? '');
}

/** A plug-in of Stryker: it takes no mutant from a node for which a reason is given. */
export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'texts',
    value: {
      shouldIgnore(path: Path): string | undefined {
        if (isErrorText(path)) return 'the text of an error proves nothing';
        if (isSentence(path)) return 'a sentence for people proves nothing';
        if (isRuleMessage(path)) return 'the message of a rule proves nothing';
        if (isStyleSheet(path)) return 'a style sheet proves nothing';
        return isLogCall(path.node) ? 'a line of the log proves nothing' : undefined;
      },
    },
  },
];
