# Tab completion of bubblesync for PowerShell:  bubblesync completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName bubblesync -ScriptBlock {
  param($word, $command, $position)
  # The text of the command lacks blanks at its end, which say that the next word begins.
  $length = $position - $command.Extent.StartOffset
  $line = "$command".PadRight($length).Substring(0, $length)
  & "$($command.CommandElements[0])" "[suggest:$length]" $line 2>$null |
    Where-Object { $_.StartsWith($word) } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
