using BubbleSync.Server;

return await ServerProgram.RunAsync(args);
