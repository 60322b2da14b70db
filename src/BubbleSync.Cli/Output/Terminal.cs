using Spectre.Console;

namespace BubbleSync.Cli.Output;

/// <summary>
/// The two consoles: results go to stdout, progress and errors to stderr. These draw with control sequences of their own; texts are made visible
/// (<see cref="VisibleText"/>) before they are drawn. Lines that bypass them are made visible by the wrapped writers. In a terminal, lines are broken between
/// words (<see cref="WordWrap"/>); in a pipe, one message stays one line.
/// </summary>
internal static class Terminal
{
    // Readers of a pipe or a file need all columns.
    private const int WidthOfPipes = 1000;

    /// <summary>From now on, whatever is printed line by line is visible text: on stderr, and on stdout unless that carries JSON.</summary>
    public static void MakeVisible(bool isJson)
    {
        // The consoles below use the original writers.
        _ = (Out, Error);
#pragma warning disable CA2000 // The console keeps them to the end.
        System.Console.SetError(VisibleText.Over(System.Console.Error, () => Width(Error)));
        if (!isJson)
            System.Console.SetOut(VisibleText.Over(System.Console.Out, () => Width(Out)));
#pragma warning restore CA2000
    }

    /// <summary>Results.</summary>
    public static IAnsiConsole Out { get; } = Console(System.Console.Out, System.Console.IsOutputRedirected);

    /// <summary>Progress.</summary>
    public static IAnsiConsole Error { get; } = Console(System.Console.Error, System.Console.IsErrorRedirected);

    /// <summary>Whether somebody watches the progress.</summary>
    public static bool IsWatched => !System.Console.IsErrorRedirected && Environment.GetEnvironmentVariable("CI") is null or "";

    /// <summary>The number of columns in which lines have to fit; null if they may have any length.</summary>
    public static int? Width(IAnsiConsole console) => Width(console.Profile.Width);

    /// <summary>The number of columns in which lines have to fit, of a console of this width; null if they may have any length.</summary>
    public static int? Width(int columns) => columns < WidthOfPipes ? columns : null;

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
