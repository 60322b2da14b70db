#compdef bubblesync
# Tab completion of bubblesync for zsh, after compinit:  source <(bubblesync completion zsh)
_bubblesync() {
  local line="${words[1,CURRENT]}"
  local -a candidates
  candidates=(${(f)"$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)"})
  # Of --name=value it knows the value; where it knows nothing, zsh completes names of files.
  compset -P '*='
  if (( $#candidates )); then compadd -a candidates; else _files; fi
}
compdef _bubblesync bubblesync
