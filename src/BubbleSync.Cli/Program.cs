using BubbleSync.Cli;

return await CommandLine.RunAsync(args);
