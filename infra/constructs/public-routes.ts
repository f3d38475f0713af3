import { Validations } from 'aws-cdk-lib';
import { HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { PublicApi } from './public-api.ts';

/** Puts a function's routes on the public address. `ANY`: the function itself answers 405 with its own headers (S54). */
export class PublicRoutes extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly publicApi: PublicApi; readonly function: Function; readonly paths: readonly string[] },
  ) {
    super(scope, id);
    const integration = new HttpLambdaIntegration('Integration', props.function);
    for (const path of props.paths) {
      const route = new HttpRoute(this, routeId(path), {
        httpApi: props.publicApi.api,
        routeKey: HttpRouteKey.with(path, HttpMethod.ANY),
        integration,
      });
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'Browsers and providers come without credentials of ours. The request is authorized by what it carries: a one-time ticket, a state bound to the browser, or a secret path.',
      });
    }
  }
}

/** `/callback/{provider}` → `Callback`. */
function routeId(path: string): string {
  const word = path.split('/')[1] ?? 'root';
  return word[0]?.toUpperCase() + word.slice(1);
}
