using System.CommandLine;
using System.CommandLine.Invocation;
using BubbleSync.Cli.Output;

namespace BubbleSync.Cli.Help;

/// <summary>What <c>--help</c> does: prints the help of the command before it.</summary>
internal sealed class HelpAction : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool Terminating => true;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult) => Print(parseResult.CommandResult.Command, CommonOptions.IsJson(parseResult));

    /// <summary>Prints the help of a command; returns the exit code.</summary>
    public static int Print(Command command, bool isJson)
    {
        var topic = HelpTopic.Of(command);
        if (isJson)
            Console.Out.WriteLine(topic.ToJson());
        else
            HelpText.Print(topic, Terminal.Out);
        return ExitCode.Done;
    }
}
