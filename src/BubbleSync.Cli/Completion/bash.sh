# Tab completion of bubblesync for bash:  source <(bubblesync completion bash)
_bubblesync() {
  local IFS=$'\n'
  COMPREPLY=($("$1" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null))
}
# Where it knows nothing, bash completes names of files.
complete -o default -F _bubblesync bubblesync
