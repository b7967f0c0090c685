export type Shell = 'bash' | 'zsh' | 'fish';

// Each script hands the words so far to `kaito __complete`, which prints a candidate per line, with a tab and a description where there
// is one; a line `:files` asks the shell for file names.

const bash = String.raw`# bash completion for kaito
_kaito() {
  local line file_names="" cur="${'$'}{COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then file_names=1; else COMPREPLY+=("${'$'}{line%%$'\t'*}"); fi
  done < <("${'$'}{COMP_WORDS[0]}" __complete -- "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ -n $file_names ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
  fi
}
complete -F _kaito kaito ./kaito
`;

const zsh = String.raw`#compdef kaito
_kaito() {
  local line file_names=""
  local -a candidates
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      file_names=1
    else
      local value="${'$'}{line%%$'\t'*}" text=""
      [[ $line == *$'\t'* ]] && text="${'$'}{line#*$'\t'}"
      candidates+=("${'$'}{value//:/\\:}${'$'}{text:+:$text}")
    fi
  done < <("${'$'}{words[1]}" __complete -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)
  (( $#candidates )) && _describe kaito candidates
  [[ -n $file_names ]] && _files
}
compdef _kaito kaito ./kaito
`;

const fish = String.raw`# fish completion for kaito
function __kaito_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l command $words[1]
    set -e words[1]
    for line in ($command __complete -- $words 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c kaito -f -a '(__kaito_complete)'
`;

/** The completion script of a shell, to be sourced there. */
export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
