/** What the consent page needs to know. */
interface ConsentPage {
  readonly request: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly systems: readonly string[];
  readonly email: string;
  readonly password: string;
  readonly message?: string;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function shell(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #eef1f4; color: #1b2733; }
main { max-width: 26rem; margin: 3rem auto; padding: 2rem; background: #fff; border-radius: 8px; }
h1 { font-size: 1.25rem; margin-top: 0; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input, select { width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid #66788a; border-radius: 4px; }
button { font: inherit; padding: .6rem 1.2rem; margin: 1.5rem .5rem 0 0; border: 1px solid #17508a; border-radius: 4px; background: #fff; color: #17508a; }
button.primary { background: #17508a; color: #fff; }
.note { color: #4a5a6a; font-size: .9rem; }
</style>
</head>
<body><main>${body}</main></body>
</html>
`;
}

/** Login and consent on one page: the person signs in, chooses a system, and accepts the scopes or declines. */
export function consentPage(page: ConsentPage): string {
  const options = page.systems
    .map((system) => `<option value="${escaped(system)}">${escaped(system)}</option>`)
    .join('');
  const scopes = page.scopes.map((scope) => `<li>${escaped(scope)}</li>`).join('');
  const message = page.message === undefined ? '' : `<p role="alert"><strong>${escaped(page.message)}</strong></p>`;
  return shell(
    'Sign in – practice management (simulated)',
    `<h1>Sign in to allow access</h1>
<p class="note">This page is a simulation of Actionstep on this machine. Nothing leaves it.</p>${message}
<form method="post" action="/api/oauth/authorize">
<input type="hidden" name="request" value="${escaped(page.request)}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" value="${escaped(page.email)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" value="${escaped(page.password)}">
<label for="system">System</label>
<select id="system" name="system">${options}</select>
<p><strong>${escaped(page.clientId)}</strong> asks for:</p>
<ul>${scopes}</ul>
<button class="primary" type="submit" name="decision" value="accept">Allow</button>
<button type="submit" name="decision" value="decline">Decline</button>
</form>`,
  );
}

/** What a wrong client, redirect URI or stale page gets: nothing is redirected. */
export function refusalPage(reason: string): string {
  return shell('Cannot continue', `<h1>Cannot continue</h1><p>${escaped(reason)}</p>`);
}
