using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>The two consoles: results go to stdout, progress and errors to stderr.</summary>
internal static class Terminal
{
    // Who reads a pipe or a file wants all columns.
    private const int WidthOfPipes = 1000;

    /// <summary>Results.</summary>
    public static IAnsiConsole Out { get; } = Console(System.Console.Out, System.Console.IsOutputRedirected);

    /// <summary>Progress.</summary>
    public static IAnsiConsole Error { get; } = Console(System.Console.Error, System.Console.IsErrorRedirected);

    /// <summary>Whether somebody watches the progress.</summary>
    public static bool IsWatched => !System.Console.IsErrorRedirected && Environment.GetEnvironmentVariable("CI") is null or "";

    private static IAnsiConsole Console(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isRedirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (isRedirected)
            console.Profile.Width = WidthOfPipes;
        return console;
    }
}
