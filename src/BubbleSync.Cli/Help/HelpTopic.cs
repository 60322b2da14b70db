using System.CommandLine;
using System.Text.Json.Nodes;
using BubbleSync.Etl.Reports;

namespace BubbleSync.Cli.Help;

/// <summary>What the help says of a command.</summary>
/// <param name="Description">What the command does.</param>
/// <param name="Usage">How it is written.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Options">Its own options.</param>
/// <param name="CommonOptions">The options of every command.</param>
/// <param name="Examples">Examples, each with what it is for.</param>
/// <param name="Commands">The commands below it.</param>
internal sealed record HelpTopic(
    string Description,
    string Usage,
    IReadOnlyList<HelpEntry> Arguments,
    IReadOnlyList<HelpEntry> Options,
    IReadOnlyList<HelpEntry> CommonOptions,
    IReadOnlyList<HelpEntry> Examples,
    IReadOnlyList<HelpEntry> Commands)
{
    /// <summary>Returns that of a command.</summary>
    public static HelpTopic Of(Command command)
    {
        var above = Above(command).ToList();
        var inherited = above.SelectMany(c => c.Options).Where(o => o.Recursive);
        var path = string.Join(' ', above.AsEnumerable().Reverse().Append(command).Select(Name));
        var common = command is RootCommand ? command.Options : inherited;
        var own = command is RootCommand
            ? []
            : command.Options.Concat(above.Where(c => c is not RootCommand).SelectMany(c => c.Options.Where(o => o.Recursive))).ToList();
        return new HelpTopic(
            command.Description ?? "",
            string.Join(' ', [path, .. Words(command), "[options]"]),
            [.. command.Arguments.Select(a => new HelpEntry(Value(a), a.Description + Default(a)))],
            [.. own.Select(Entry)],
            [.. common.Except(own).Select(Entry)],
            Help.Examples.Of(path),
            [.. command.Subcommands.Select(c => new HelpEntry(string.Join(' ', c.Arguments.Select(Value).Prepend(c.Name)), c.Description ?? ""))]);
    }

    /// <summary>Returns it as JSON.</summary>
    public string ToJson() => ReportJson.Write(new JsonObject
    {
        ["description"] = Description,
        ["usage"] = Usage,
        ["arguments"] = Json(Arguments),
        ["options"] = Json(Options),
        ["commonOptions"] = Json(CommonOptions),
        ["examples"] = Json(Examples),
        ["commands"] = Json(Commands),
    });

    private static JsonArray Json(IReadOnlyList<HelpEntry> entries) =>
        [.. entries.Select(e => (JsonNode)new JsonObject { ["name"] = e.Name, ["description"] = e.Description })];

    private static IEnumerable<Command> Above(Command command)
    {
        while (command.Parents.OfType<Command>().FirstOrDefault() is { } parent)
            yield return command = parent;
    }

    // A command with others below it may do something by itself.
    private static IEnumerable<string> Words(Command command) => command.Subcommands.Count == 0 ? command.Arguments.Select(Value)
        : command.Action is null ? ["<command>"]
        : ["[<command>]"];

    private static string Name(Command command) => command is RootCommand ? "bubblesync" : command.Name;

    // The names of files and the like: a list of them would hide what the argument is.
    private static string Value(Argument argument)
    {
        var name = argument.Arity.MaximumNumberOfValues > 1 ? $"<{argument.HelpName ?? argument.Name}>..." : $"<{argument.HelpName ?? argument.Name}>";
        return argument.Arity.MinimumNumberOfValues == 0 || argument.HasDefaultValue ? $"[{name}]" : name;
    }

    private static HelpEntry Entry(Option option)
    {
        var names = string.Join(
            ", ", option.Aliases.Append(option.Name).Where(n => n[0] == '-').OrderBy(n => n.Length).ThenBy(n => n, StringComparer.Ordinal));
        var value = option.Arity.MaximumNumberOfValues == 0 ? "" : option.Arity.MinimumNumberOfValues == 0 ? $" [{option.HelpName}]" : $" <{option.HelpName}>";
        return new HelpEntry(names + value, $"{option.Description}{(option.Required ? " (required)" : "")}{Default(option)}");
    }

    private static string Default(Argument argument) => argument.HasDefaultValue ? Default(argument.GetDefaultValue()) : "";

    private static string Default(Option option) =>
        option.HasDefaultValue && option.Arity.MaximumNumberOfValues > 0 ? Default(option.GetDefaultValue()) : "";

    private static string Default(object? value) => value is null or "" or "none" or Array ? "" : $" [default: {ChoiceOption.AsTyped(value)}]";
}

/// <summary>One line of a list of the help.</summary>
/// <param name="Name">What is explained.</param>
/// <param name="Description">The explanation.</param>
internal sealed record HelpEntry(string Name, string Description);
