# The shell of a terminal. Each command comes whole on descriptor 3, ended by NUL, and has the terminal for its own; the marks around
# what it prints are those of shells that tell their terminals of commands (OSC 133: A of the prompt, with the process; D of the end,
# with the exit status). Usage: shell.bash ROWS COLUMNS
stty rows "$1" cols "$2"
set --
# Ctrl-C ends what runs in the terminal, never the shell.
trap : INT
printf '\e]133;A;aid=%d\a' $$
while true; do
  IFS= read -r -d '' -u 3 walkthrough_command || { (($? > 128)) && continue || break; }
  eval "$walkthrough_command" 3<&-
  printf '\e]133;D;%d\a' $?
done
