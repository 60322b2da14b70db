# Tab completion of bubblesync for fish:  bubblesync completion fish | source
function __bubblesync_complete
    set --local line (commandline --cut-at-cursor | string collect)
    set --local words (commandline --tokenize --cut-at-cursor)
    set --local position (string length -- "$line")
    set --local candidates (command $words[1] "[suggest:$position]" "$line" 2>/dev/null)
    # Where it knows nothing, names of files are completed.
    if set --query candidates[1]
        printf '%s\n' $candidates
    else
        __fish_complete_path (commandline --current-token)
    end
end
complete --command bubblesync --no-files --arguments '(__bubblesync_complete)'
