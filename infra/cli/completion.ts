import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command that can be completed: its words on the line, and what may come next. */
interface Place {
  /** ` alerts tail`; empty for the program itself. */
  readonly words: string;
  readonly next: readonly string[];
}

/** What a shell has to read to complete `steward`: made of the program itself, so that it knows every command and option. */
export function completionScript(shell: Shell, program: Command): string {
  const shared = optionsOf(program);
  const places = placesOf(program, '', shared);
  const files = [...new Set(fileOptionsOf(program))].join('|');
  return shell === 'bash' ? bash(places, files) : zsh(places, files);
}

/** Options whose value is a file or folder, as their help calls it. */
function fileOptionsOf(command: Command): readonly string[] {
  const own = command.options.filter(({ flags }) => /<(file|folder)>/.test(flags));
  return [
    ...own.flatMap(({ short, long }) => [short, long].filter((each) => each != null)),
    ...command.commands.flatMap(fileOptionsOf),
  ];
}

function optionsOf(command: Command): readonly string[] {
  return command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
}

function placesOf(command: Command, words: string, shared: readonly string[]): readonly Place[] {
  const subcommands = command.commands.map((each) => each.name());
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const options = [...new Set([...optionsOf(command), ...shared, '--help'])];
  return [
    { words, next: [...subcommands, ...choices, ...options] },
    ...command.commands.flatMap((each) => placesOf(each, `${words} ${each.name()}`, shared)),
  ];
}

/** Walks the words before the cursor to the innermost command; what is no command is an argument or an option's value. */
function walk(places: readonly Place[], words: string): string {
  const known = places.filter((place) => place.words !== '').map((place) => `"${place.words}"`);
  return `for word in ${words}; do
    case "$at $word" in ${known.join('|')}) at="$at $word" ;; esac
  done`;
}

function bash(places: readonly Place[], files: string): string {
  const cases = places.map(({ words, next }) => `    "${words}") next="${next.join(' ')}" ;;`);
  return `# Completion of steward for bash. Load it with: source <(steward completion bash)
_steward() {
  local at= word next=
  ${walk(places, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    ${files}) COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); return ;;
  esac
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _steward steward
`;
}

function zsh(places: readonly Place[], files: string): string {
  const cases = places.map(({ words, next }) => `    "${words}") compadd -- ${next.join(' ')} ;;`);
  return `#compdef steward
# Completion of steward for zsh. Load it with: source <(steward completion zsh)
_steward() {
  local at= word
  ${walk(places, '"${(@)words[2,CURRENT-1]}"')}
  case "\${words[CURRENT-1]}" in
    ${files}) _files; return ;;
  esac
  case "$at" in
${cases.join('\n')}
  esac
  _files
}
compdef _steward steward
`;
}
